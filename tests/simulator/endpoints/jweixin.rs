//! `GET /open/js/jweixin-1.6.0.js`: a stand-in for the script that pages use the JSSDK with.

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "jweixin", path: "/open/js/jweixin-1.6.0.js", platform: Platform::Official, answer };

fn answer(_: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    Ok(Reply::with(200, "application/javascript; charset=utf-8", include_str!("jweixin.js")))
}
