//! Tickets, which sign what a page asks of the WeChat client: one per account and type, the same at each fetch until
//! its end. A ticket belongs to the account, so it outlives the token that fetched it.

use super::{Grant, Mint, Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;
use crate::simulator::report::TicketReport;

/// What a ticket signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TicketType {
    /// `wx.config`.
    Jsapi,
    /// Cards.
    WxCard,
    /// `wx.agentConfig`.
    AgentConfig,
}

impl TicketType {
    /// The word of the wire and of the control API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsapi => "jsapi",
            Self::WxCard => "wx_card",
            Self::AgentConfig => "agent_config",
        }
    }
}

/// The current ticket of one type.
#[derive(Debug)]
pub(super) struct Ticket {
    text: String,
    expires: Millis,
    killed: bool,
}

impl Ticket {
    fn new(mint: &mut Mint, expires: Millis) -> Self {
        Self { text: mint.ticket(), expires, killed: false }
    }

    /// Ends it before its time, though it may be handed out yet.
    pub(super) fn kill(&mut self) {
        self.killed = true;
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it signs anything now.
    pub(super) fn is_valid(&self, now: Millis) -> bool {
        !self.killed && now < self.expires
    }

    pub(super) fn report(&self, now: Millis) -> TicketReport {
        let expires_in = if self.killed { 0 } else { now.secs_until(self.expires) };
        TicketReport { ticket: self.text.clone(), expires_in, valid: self.is_valid(now) }
    }
}

impl WeChat {
    /// Gives the ticket of that type: the current one while it lasts.
    pub fn ticket(&mut self, owner: &Owner, kind: TicketType, now: Millis) -> Result<Grant, Refusal> {
        let account = self.accounts.get_mut(owner).ok_or(Refusal::INVALID_TOKEN)?;
        if let Some(current) = account.tickets.get(&kind) {
            let expires_in = now.secs_until(current.expires);
            if expires_in > 0 {
                return Ok(Grant { token: current.text.clone(), expires_in, issued: false });
            }
        }
        let life = account.settings.ticket_life_s;
        let ticket = Ticket::new(&mut self.mint, now.plus_secs(life));
        let text = ticket.text.clone();
        account.tickets.insert(kind, ticket);
        Ok(Grant { token: text, expires_in: u64::from(life), issued: true })
    }
}
