//! Fetching a ticket: the requests, and what is believed of the answers.
//!
//! Sources: getTicket of the JS-SDK's documentation; WeCom's pages on jsapi_ticket.

use alloc::format;
use alloc::vec::Vec;

use crate::account::{Family, Kind};
use crate::error::Error;
use crate::host::{Method, Request, Response};
use crate::query::escape;
use crate::secret::Secret;
use crate::wechat::token::{self, Grant};

/// The request for a ticket of this `kind`, with the account's access `token`; `None` where a family has no such ticket.
#[must_use]
pub fn request(family: Family, kind: Kind, token: &Secret) -> Option<Request> {
    let (path, kind) = match (family, kind) {
        (Family::Official, Kind::Jsapi) => ("/cgi-bin/ticket/getticket", "&type=jsapi"),
        (Family::Official, Kind::WxCard) => ("/cgi-bin/ticket/getticket", "&type=wx_card"),
        (Family::Wecom, Kind::Jsapi) => ("/cgi-bin/get_jsapi_ticket", ""),
        (Family::Wecom, Kind::AgentConfig) => ("/cgi-bin/ticket/get", "&type=agent_config"),
        _ => return None,
    };
    let target = format!("{path}?access_token={}{kind}", escape(token.expose()));
    Some(Request { method: Method::Get, target, headers: Vec::new(), body: Vec::new() })
}

/// What the answer says; `hush`, the token it was asked with, is struck from its text.
///
/// # Errors
/// [`Error::Refused`] with WeChat's code, or [`crate::error::Unavailable::Garbled`].
pub fn grant(response: &Response, hush: &Secret) -> Result<Grant, Error> {
    token::read(response, hush, "ticket")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_its_own_paths() {
        let token = Secret::new("T/1".into());
        let target = |family, kind| request(family, kind, &token).map(|it| it.target);
        let official = |kind| format!("/cgi-bin/ticket/getticket?access_token=T%2F1&type={kind}");
        assert_eq!(target(Family::Official, Kind::Jsapi), Some(official("jsapi")));
        assert_eq!(target(Family::Official, Kind::WxCard), Some(official("wx_card")));
        let wecom = "/cgi-bin/get_jsapi_ticket?access_token=T%2F1";
        assert_eq!(target(Family::Wecom, Kind::Jsapi).as_deref(), Some(wecom));
        let agent = "/cgi-bin/ticket/get?access_token=T%2F1&type=agent_config";
        assert_eq!(target(Family::Wecom, Kind::AgentConfig).as_deref(), Some(agent));
        for family in [Family::Official, Family::Miniprogram, Family::Wecom] {
            for kind in [Kind::Access, Kind::Jsapi, Kind::WxCard, Kind::AgentConfig] {
                let there = kind != Kind::Access && Kind::of(family).contains(&kind);
                assert_eq!(target(family, kind).is_some(), there, "{family:?} {kind:?}");
            }
        }
    }

    #[test]
    fn a_ticket_is_believed_and_a_token_is_not_one() {
        let answer = |body: &str| {
            let response = Response { status: 200, body: body.into(), ..Response::default() };
            grant(&response, &Secret::new("T1".into()))
        };
        let good = answer(r#"{"errcode":0,"errmsg":"ok","ticket":"K1","expires_in":7200}"#).unwrap();
        assert_eq!((good.value.expose(), good.expires_in), ("K1", 7200));
        assert!(answer(r#"{"access_token":"T2","expires_in":7200}"#).is_err());
        let refused = Error::Refused { code: 40001, message: "*** is stale".into() };
        assert_eq!(answer(r#"{"errcode":40001,"errmsg":"T1 is stale"}"#), Err(refused));
    }
}
