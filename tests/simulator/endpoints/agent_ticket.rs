//! `GET /cgi-bin/ticket/get`: the ticket that WeCom's pages sign `wx.agentConfig` with.

use super::{Desk, Endpoint, ticket_answer};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, TicketType};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "agent_ticket", path: "/cgi-bin/ticket/get", platform: Platform::WeCom, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let kind = TicketType::AgentConfig;
    ticket_answer(&ENDPOINT, desk, call, |asked| (asked == Some(kind.name())).then_some(kind))
}
