//! Dates as people write them.

use alloc::format;
use alloc::string::String;

use crate::host::Time;

/// `at` as RFC 3339 writes it, in UTC and whole seconds.
///
/// The days are turned into a date by Howard Hinnant's `civil_from_days`, for years after 1970.
#[must_use]
#[allow(clippy::arithmetic_side_effects)] // constants only divide, and every intermediate is smaller than the days
pub(crate) fn rfc3339(at: Time) -> String {
    let seconds = at.as_ms() / 1000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as `date -u -d @seconds +%FT%TZ` prints it.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(Time::from_ms(seconds * 1000)), date);
        }
        assert!(!rfc3339(Time::from_ms(u64::MAX)).is_empty());
    }
}
