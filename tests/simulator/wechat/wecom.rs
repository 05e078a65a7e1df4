//! WeCom's token: one per corp and secret, the same at each fetch until its end.

use std::net::IpAddr;

use super::{Grant, Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;

impl WeChat {
    /// Checks who calls WeCom's token endpoint and counts the call against the quota.
    pub fn admit_wecom(
        &mut self,
        endpoint: &'static str,
        corpid: Option<&str>,
        secret: Option<&str>,
        peer: IpAddr,
        now: Millis,
    ) -> Result<Owner, Refusal> {
        let corpid = corpid.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_CORPID)?;
        let secret = secret.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_CORPSECRET)?;
        let owner = Owner::WeCom { corpid: corpid.to_owned(), secret: secret.to_owned() };
        let known = |other: &Owner| other.platform() == owner.platform() && other.id() == corpid;
        let is_known = self.accounts.keys().any(known);
        let account = self.accounts.get_mut(&owner);
        let account = account.ok_or(if is_known { Refusal::INVALID_CREDENTIAL } else { Refusal::INVALID_CORPID })?;
        account.recognise(secret, peer)?;
        account.spend(endpoint, now)?;
        Ok(owner)
    }

    /// Gives the token of an application: the current one while it lasts.
    pub fn wecom_token(&mut self, owner: &Owner, now: Millis) -> Result<Grant, Refusal> {
        let account = self.accounts.get_mut(owner).ok_or(Refusal::INVALID_CREDENTIAL)?;
        if let Some(current) = account.wecom.as_ref() {
            let expires_in = self.ledger.expires(current).map_or(0, |end| now.secs_until(end));
            if expires_in > 0 {
                return Ok(Grant { token: current.clone(), expires_in, issued: false });
            }
            self.ledger.forget_later(current);
        }
        let life = account.settings.token_life_s;
        let token = self.ledger.issue(&mut self.mint, owner, now.plus_secs(life));
        account.wecom = Some(token.clone());
        Ok(Grant { token, expires_in: u64::from(life), issued: true })
    }
}
