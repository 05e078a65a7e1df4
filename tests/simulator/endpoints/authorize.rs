//! `GET /connect/oauth2/authorize`: where a login begins. What a page may know without asking leads back at once, all else asks
//! the user at the phone.

use super::consent::{self, Asked};
use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, Scope};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "authorize", path: "/connect/oauth2/authorize", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let query = consent::raw_query(call);
    Ok(match Asked::read(desk.wechat, query) {
        Err(wrong) => wrong.page(desk.counter),
        Ok(asked) if asked.scope == Scope::Base => asked.lead_back(desk),
        Ok(asked) => asked.page(&desk.wechat.users.at_the_phone(), query),
    })
}
