//! `GET /connect/oauth2/authorize_reply`: what the user answers on the page that asks. The query is that of the page, behind
//! `answer=allow&` or `answer=deny&`.

use super::consent::{self, Asked};
use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "authorize_reply", path: "/connect/oauth2/authorize_reply", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let query = consent::raw_query(call);
    let (allowed, query) = match (query.strip_prefix("answer=allow&"), query.strip_prefix("answer=deny&")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err(Refusal::INVALID_ARGS),
    };
    Ok(match Asked::read(desk.wechat, query) {
        Err(wrong) => wrong.page(desk.counter),
        Ok(asked) if allowed => asked.lead_back(desk),
        Ok(asked) => asked.lead_back_empty_handed(),
    })
}
