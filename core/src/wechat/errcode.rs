//! WeChat's error codes: which mean what, and how long to keep quiet after them.
//!
//! Source: the global return codes of the official accounts' documentation, and the page on the API IP list.

use core::time::Duration;

/// No such short key.
pub const NO_SHORT_KEY: i64 = 9_410_012;
/// System busy.
pub const BUSY: i64 = -1;
/// Invalid credential: WeCom's word for a wrong secret.
pub const INVALID_CREDENTIAL: i64 = 40_001;
/// Invalid grant_type.
pub const INVALID_GRANT: i64 = 40_002;
/// Invalid AppID.
pub const INVALID_APPID: i64 = 40_013;
/// Invalid parameter.
pub const INVALID_PARAMETER: i64 = 40_035;
/// No API at this URL.
pub const INVALID_URL: i64 = 40_066;
/// Invalid AppSecret.
pub const INVALID_SECRET: i64 = 40_125;
/// access_token missing.
pub const NO_TOKEN: i64 = 41_001;
/// appid missing.
pub const NO_APPID: i64 = 41_002;
/// secret missing.
pub const NO_SECRET: i64 = 41_004;
/// The API takes GET.
pub const NEEDS_GET: i64 = 43_001;
/// The API takes POST.
pub const NEEDS_POST: i64 = 43_002;
/// Empty POST body.
pub const NO_BODY: i64 = 44_002;
/// The content is too long.
pub const TOO_LONG: i64 = 45_002;
/// Called too often this minute.
pub const TOO_OFTEN: i64 = 45_011;
/// The account may not use this API.
pub const UNAUTHORIZED: i64 = 48_001;
/// The body is not JSON.
pub const NOT_JSON: i64 = 47_001;

/// The code for a missing or wrong parameter called `name`.
#[must_use]
pub fn for_parameter(name: &str) -> i64 {
    match name {
        "access_token" => NO_TOKEN,
        "appid" | "corpid" => NO_APPID,
        "secret" | "corpsecret" => NO_SECRET,
        "grant_type" => INVALID_GRANT,
        _ => INVALID_PARAMETER,
    }
}

/// Whether an API refuses the access token it was called with: another one may do.
#[must_use]
pub const fn stale(code: i64) -> bool {
    matches!(code, 40_001 | 40_014 | 42_001)
}

/// What a failed *fetch* of a credential means for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It may well work in a moment.
    Transient,
    /// It will not work until somebody changes something.
    Permanent,
    /// WeChat asks for quiet.
    Quiet(Duration),
}

/// The class of an errcode given to a fetch.
#[must_use]
pub const fn class(code: i64) -> Class {
    match code {
        BUSY => Class::Transient,
        // Per minute; the next one may do.
        TOO_OFTEN => Class::Quiet(Duration::from_secs(60)),
        // Per day: midnight is far, but `clear_quota` helps at any time.
        45_009 => Class::Quiet(Duration::from_secs(600)),
        // The address waits for the administrator's word.
        89_501 | 89_503 => Class::Quiet(Duration::from_secs(600)),
        // Refused once: blocked for an hour. Refused twice: for a day.
        89_507 => Class::Quiet(Duration::from_secs(3_600)),
        89_506 => Class::Quiet(Duration::from_secs(86_400)),
        _ => Class::Permanent,
    }
}

impl Class {
    /// How long to keep quiet after the `count`th failure in a row (the first is 1).
    #[must_use]
    pub fn pause(self, count: u32) -> Duration {
        let doubled = |first: u64, most: u64| {
            let factor = 1_u64.checked_shl(count.saturating_sub(1)).unwrap_or(u64::MAX);
            Duration::from_secs(first.saturating_mul(factor).min(most))
        };
        match self {
            // WeChat's advice: 1 s, 2 s, 4 s.
            Self::Transient => doubled(1, 60),
            // Short enough that a mended configuration is noticed soon, long enough to stop a storm.
            Self::Permanent => doubled(10, 300),
            Self::Quiet(span) => span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_failures_back_off_by_doubling_up_to_a_minute() {
        let pauses = [1, 2, 3, 7, 40, u32::MAX].map(|it| Class::Transient.pause(it).as_secs());
        assert_eq!(pauses, [1, 2, 4, 60, 60, 60]);
    }

    #[test]
    fn a_wrong_secret_is_permanent_and_a_blocked_address_waits_its_hour() {
        assert_eq!(class(INVALID_SECRET), Class::Permanent);
        assert_eq!(class(40_164), Class::Permanent);
        assert_eq!(class(89_507).pause(1).as_secs(), 3_600);
        assert_eq!(class(BUSY), Class::Transient);
    }
}
