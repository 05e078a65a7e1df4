//! `GET /cgi-bin/ticket/getticket`: the tickets of an official account.

use super::{Desk, Endpoint, ticket_answer};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, TicketType};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "getticket", path: "/cgi-bin/ticket/getticket", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    ticket_answer(&ENDPOINT, desk, call, |asked| {
        [TicketType::Jsapi, TicketType::WxCard].into_iter().find(|kind| asked == Some(kind.name()))
    })
}
