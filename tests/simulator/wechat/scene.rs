//! QR codes with a scene: what a ticket leads to. And short keys, which stand for long texts.

use super::book::Book;
use super::{Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;

/// All of both kinds.
#[derive(Debug, Default)]
pub(super) struct Scenes {
    /// When each ticket ends, if it does.
    tickets: Book<Option<Millis>>,
    keys: Book<Short>,
}

#[derive(Debug)]
struct Short {
    owner: Owner,
    text: String,
    created: Millis,
    expires: Millis,
}

impl WeChat {
    /// Makes a QR code: its ticket, and the URL that is drawn in it. Without seconds it lasts for ever.
    pub fn qr_code(&mut self, life_s: Option<u32>, now: Millis) -> (String, String) {
        let ticket = self.mint.scene_ticket();
        self.scenes.tickets.enter(&ticket, life_s.map(|it| now.plus_secs(it)));
        (ticket, format!("http://weixin.qq.com/q/{}", self.mint.code()))
    }

    /// Whether there is a QR code of that ticket.
    pub fn has_qr_code(&self, ticket: &str, now: Millis) -> bool {
        self.scenes.tickets.get(ticket).is_some_and(|end| end.is_none_or(|end| now < end))
    }

    /// Keeps a text for so many seconds, under a short key.
    pub fn shorten(&mut self, owner: Owner, text: &str, life_s: u32, now: Millis) -> String {
        let key = self.mint.short_key();
        let short = Short { owner, text: text.to_owned(), created: now, expires: now.plus_secs(life_s) };
        self.scenes.keys.enter(&key, short);
        key
    }

    /// The text of a short key of that account, the second it was kept, and the seconds it is kept for yet.
    pub fn lengthen(&self, owner: &Owner, key: &str, now: Millis) -> Result<(&str, u64, u64), Refusal> {
        let short = self.scenes.keys.get(key).filter(|it| it.owner == *owner && now < it.expires);
        let short = short.ok_or(Refusal::INVALID_SHORT_KEY)?;
        Ok((&short.text, short.created.0 / 1000, now.secs_until(short.expires)))
    }
}
