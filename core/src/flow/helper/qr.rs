//! `wx-qr`: a QR code that leads a user to the account, with a scene.

use alloc::format;

use super::{account, done, field};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::api::{self, Ask, call};
use crate::host::{Head, Host, Response};
use crate::json::Value;
use crate::limits;
use crate::query::{escape, parameter};

/// `s`, `t=temp|forever`, `sceneid`, `e` (how long it lives, in seconds).
pub(super) async fn create<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let (_, account) = account(gateway, host, head, head.query()).await?;
    let of = |name| parameter(head.query(), name).map(|it| it.filter(|it| !it.is_empty()));
    let scene = of("sceneid")?.unwrap_or_else(|| "0".into());
    if scene.len() > 64 {
        return Err(invalid("sceneid", "is longer than 64 bytes").into());
    }
    let life = life(of("e")?.as_deref())?;
    let scene = Value::object([("scene", Value::object([("scene_str", Value::text(scene))]))]);
    let body = match of("t")?.as_deref() {
        Some("temp") => api::object([
            ("expire_seconds", Value::Number(format!("{life}").into())),
            ("action_name", Value::text("QR_STR_SCENE")),
            ("action_info", scene),
        ]),
        Some("forever") => api::object([("action_name", Value::text("QR_LIMIT_STR_SCENE")), ("action_info", scene)]),
        None => return Err(Reject::Missing { name: "t".into() }.into()),
        Some(_) => return Err(invalid("t", "must be temp or forever").into()),
    };
    let ask = Ask { path: "/cgi-bin/qrcode/create", query: "", body: &body };
    let answer = call(gateway, host, &account, &ask, limits::API).await?;
    let ticket = field(&answer, "ticket")?;
    let ticket = escape(ticket.as_str().unwrap_or_default());
    let shown = format!("{}/cgi-bin/showqrcode?ticket={ticket}", gateway.mp);
    // The second name is the original's.
    let result = [("ticketURL2ShowQrCode", Value::text(shown)), ("urlIncluedInQrcode", field(&answer, "url")?)];
    Ok(done("result", Value::object(result)))
}

/// WeChat takes 30 days at the most.
fn life(text: Option<&str>) -> Result<u64, Reject> {
    let Some(text) = text else { return Ok(30) };
    let life: Option<u64> = text.parse().ok().filter(|_| text.bytes().all(|it| it.is_ascii_digit()));
    let why = "must be a number of seconds, 1 to 2592000";
    life.filter(|it| (1..=2_592_000).contains(it)).ok_or_else(|| invalid("e", why))
}

fn invalid(name: &str, why: &str) -> Reject {
    Reject::Invalid { name: name.into(), why: why.into() }
}
