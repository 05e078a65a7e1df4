//! `GET /cgi-bin/get_jsapi_ticket`: the ticket that WeCom's pages sign `wx.config` with.

use super::{Desk, Endpoint, ticket_answer};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, TicketType};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "get_jsapi_ticket", path: "/cgi-bin/get_jsapi_ticket", platform: Platform::WeCom, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    ticket_answer(&ENDPOINT, desk, call, |_| Some(TicketType::Jsapi))
}
