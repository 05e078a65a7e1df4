//! Who wrote: what `user/info` answers, appended to what back-ends get.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Format, json, write};
use crate::json::Value;

/// `userInfo`: all that WeChat's `answer` gives, and in front the nine fields of go-wx-gateway, whether WeChat gives them or not.
/// `None` if the answer is none of a user.
#[must_use]
pub fn user_info(answer: &[u8]) -> Option<String> {
    let given = json(core::str::from_utf8(answer).ok()?).ok()?;
    given.get("openid")?;
    let empty = || Value::text("");
    let nine = [
        ("openid", empty()),
        ("nickname", empty()),
        ("sex", Value::Number("0".into())),
        ("province", empty()),
        ("city", empty()),
        ("country", empty()),
        ("headimgurl", empty()),
        ("privilege", Value::List(vec![])),
        ("unionid", empty()),
    ];
    let own = |(name, it): (&'static str, _)| (name.into(), given.get(name).cloned().unwrap_or(it));
    let mut fields: Vec<_> = nine.into_iter().map(own).collect();
    let more: Vec<_> = given.fields().iter().filter(|it| fields.iter().all(|known| known.0 != it.0)).cloned().collect();
    fields.extend(more);
    Some(write(&Value::Object(fields), Format::Json))
}

/// `body`, an object with fields in it, with who wrote it: what [`user_info`] made, or why it is not known.
#[must_use]
pub fn with_user(mut body: String, user: Result<&str, &str>) -> String {
    let mut error = String::new();
    Value::text(user.err().unwrap_or_default()).write(&mut error);
    body.pop(); // the brace at the end
    for piece in [",\"userInfo\":", user.unwrap_or("null"), ",\"userInfoError\":", &error, "}"] {
        body.push_str(piece);
    }
    body
}
