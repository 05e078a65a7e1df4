//! A push is handled once: see [`crate::keeper::once`].

use alloc::string::String;

use super::Push;
use crate::event::Event;
use crate::host::{Host, Time};
use crate::keeper::client;
use crate::keeper::once::Claimed;
use crate::limits;
use crate::race::within;

/// Stands before a reply, as it is remembered, that is WeChat's as it is.
const AS_IT_IS: &str = "\0";

impl<H: Host> Push<'_, H> {
    /// The right to handle the push, or what became of it. A memory that does not answer is done without: a push that is
    /// handled twice is better than one that is lost.
    pub(super) async fn claim(&self) -> Claimed {
        let (host, account) = (self.host, &self.callback.account);
        // Until it has answered in any case: one that died is replaced then.
        let lease = self.callback.deadline.saturating_add(limits::CLAIM);
        // Without waiting, whatever the keeper's clock says.
        let at_once = client::claim(host, account, self.id, lease, Time::default());
        match within(host, limits::CLAIM.min(self.left()), at_once).await {
            Some(Ok(Claimed::Running)) => {}
            Some(Ok(it)) => return self.recalled(it),
            _ => {
                host.note(Event::PushForgotten { app: &self.callback.app });
                return Claimed::Mine;
            }
        }
        let at_last = client::claim(host, account, self.id, lease, self.deadline);
        let last = within(host, self.left(), at_last).await.and_then(Result::ok);
        last.map_or(Claimed::Running, |it| self.recalled(it))
    }

    /// What is remembered, if it is for this door: what goes into an envelope at one must not leave without it at another, and a
    /// back-end's own envelope goes into no second one. WeChat knows one door only.
    fn recalled(&self, claimed: Claimed) -> Claimed {
        let Claimed::Done(kept) = claimed else { return claimed };
        Claimed::Done(match (kept.strip_prefix(AS_IT_IS), self.seals()) {
            (Some(it), false) => it.into(),
            (None, true) => kept,
            _ => String::new(),
        })
    }

    /// Remembers the reply, apart from the answer.
    pub(super) fn settle(&self, reply: String) {
        let (host, account, id) = (self.host.clone(), self.callback.account.clone(), self.id);
        let reply = if self.seals() { reply } else { [AS_IT_IS, &reply].concat() };
        self.host.later(async move {
            // Then a repeat is handled anew once the claim has ended.
            let _ = client::settle(&host, &account, id, reply).await;
        });
    }
}
