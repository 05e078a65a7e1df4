//! Logins at WeCom: who came by with a code, and what a user ticket tells of a member.

use super::book::Book;
use super::login::Scope;
use super::user::User;
use super::{Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;

/// How long a user ticket lives.
const TICKET_LIFE_S: u32 = 1800;

#[derive(Debug)]
struct UserTicket {
    corpid: String,
    openid: String,
    expires: Millis,
}

/// All user tickets.
#[derive(Debug, Default)]
pub(super) struct Visitors(Book<UserTicket>);

/// Who came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The user.
    pub user: User,
    /// Opens what is private, with the seconds it lives; only a member who allowed it has one.
    pub ticket: Option<(String, u32)>,
}

impl WeChat {
    /// Exchanges a code, once. WeCom does not say whether it was used, ran out or never was one.
    pub fn visitor(&mut self, owner: &Owner, code: &str, now: Millis) -> Result<Visitor, Refusal> {
        let code = self.logins.codes.get_mut(code);
        let code = code.filter(|it| it.id == owner.id() && !it.used && now < it.expires);
        let code = code.ok_or(Refusal::INVALID_CODE)?;
        code.used = true;
        let private = code.scope == Scope::PrivateInfo;
        let user = self.users.get(&code.openid);
        if !private || user.userid.is_none() {
            return Ok(Visitor { user, ticket: None });
        }
        let ticket = self.mint.ticket();
        let (corpid, openid) = (owner.id().to_owned(), user.openid.clone());
        self.visitors.0.enter(&ticket, UserTicket { corpid, openid, expires: now.plus_secs(TICKET_LIFE_S) });
        Ok(Visitor { user, ticket: Some((ticket, TICKET_LIFE_S)) })
    }

    /// The member that a user ticket was given for.
    pub fn member(&self, owner: &Owner, ticket: &str, now: Millis) -> Result<User, Refusal> {
        let ticket = self.visitors.0.get(ticket).filter(|it| it.corpid == owner.id());
        let ticket = ticket.ok_or(Refusal::INVALID_USER_TICKET)?;
        if ticket.expires <= now {
            return Err(Refusal::EXPIRED_USER_TICKET);
        }
        Ok(self.users.get(&ticket.openid))
    }
}
