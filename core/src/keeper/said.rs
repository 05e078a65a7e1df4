//! An error as a cell keeps it: flat, and only what a fetch from WeChat can end with. The form in which errors travel to a
//! Worker's keeper has a shape for each of them, which would be 18 kB of the filter.

use alloc::format;
use alloc::string::String;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

use crate::error::{Error, Reject, Unavailable};

#[derive(Default, Serialize, serde::Deserialize)]
#[serde(default)]
struct Said {
    what: String,
    /// WeChat's errcode, or seconds.
    number: i64,
    /// WeChat's errmsg, or who it was.
    text: String,
    why: String,
}

pub(super) fn serialize<S: Serializer>(error: &Error, to: S) -> Result<S::Ok, S::Error> {
    said(error).serialize(to)
}

/// What a newer program says and this one does not know is refused.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Error, D::Error> {
    error(Said::deserialize(from)?).ok_or_else(|| D::Error::custom("an error that is not known"))
}

fn said(error: &Error) -> Said {
    let (what, number, text, why) = match error {
        Error::Refused { code, message } => ("refused", *code, &**message, ""),
        Error::Unavailable(Unavailable::Timeout { who }) => ("timeout", 0, &**who, ""),
        Error::Unavailable(Unavailable::Unreachable { who }) => ("unreachable", 0, &**who, ""),
        Error::Unavailable(Unavailable::Garbled { who, why }) => ("garbled", 0, &**who, &**why),
        Error::Unavailable(Unavailable::Superseded) => ("superseded", 0, "", ""),
        Error::Unavailable(Unavailable::Busy { what }) => ("busy", 0, &**what, ""),
        Error::Rejected(Reject::TooSoon { retry_after }) => {
            ("too_soon", i64::try_from(*retry_after).unwrap_or(i64::MAX), "", "")
        }
        // No fetch ends like this; if one should, its sentence is kept.
        other => ("garbled", 0, "the keeper", &*format!("{other}")),
    };
    Said { what: what.into(), number, text: text.into(), why: why.into() }
}

fn error(said: Said) -> Option<Error> {
    let Said { what, number, text, why } = said;
    Some(match &*what {
        "refused" => Error::Refused { code: number, message: text },
        "timeout" => Unavailable::Timeout { who: text }.into(),
        "unreachable" => Unavailable::Unreachable { who: text }.into(),
        "garbled" => Unavailable::Garbled { who: text, why }.into(),
        "superseded" => Unavailable::Superseded.into(),
        "busy" => Unavailable::Busy { what: text }.into(),
        "too_soon" => Reject::TooSoon { retry_after: u64::try_from(number).unwrap_or_default() }.into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_fetch_can_end_with_reads_back_as_it_was_written() {
        let who = || String::from("WeChat");
        let errors = [
            Error::Refused { code: 40_164, message: "invalid ip".into() },
            Unavailable::Timeout { who: who() }.into(),
            Unavailable::Unreachable { who: who() }.into(),
            Unavailable::Garbled { who: who(), why: "its status is 500".into() }.into(),
            Unavailable::Superseded.into(),
            Unavailable::Busy { what: "calls".into() }.into(),
            Reject::TooSoon { retry_after: 7 }.into(),
        ];
        for it in errors {
            assert_eq!(error(said(&it)), Some(it));
        }
    }

    #[test]
    fn another_error_keeps_its_sentence() {
        let kept = error(said(&Reject::Json.into())).map(|it| format!("{it}"));
        assert!(kept.is_some_and(|it| it.contains(&format!("{}", Reject::Json))));
        assert_eq!(error(Said { what: "bewitched".into(), ..Said::default() }), None);
    }
}
