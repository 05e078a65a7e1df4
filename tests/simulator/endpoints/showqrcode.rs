//! `GET /cgi-bin/showqrcode`: the picture of a QR code, for who has its ticket. It shows that there is one, not what is in it.

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "showqrcode", path: "/cgi-bin/showqrcode", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    if desk.wechat.has_qr_code(call.param("ticket").unwrap_or_default(), desk.now) {
        return Ok(Reply::with(200, "image/jpg", include_bytes!("showqrcode.jpg").as_slice()));
    }
    Ok(Reply::text(404, ""))
}
