//! What the gateway writes into its log, and the check that no secret is in it.

use std::cell::RefCell;

use wxedge::event::Event;

use super::hooks::HOOK_KEY;
use super::{API_KEY, READER_KEY, SECRET, Sim};

#[derive(Default)]
pub(super) struct Notes(RefCell<Vec<(&'static str, String)>>);

impl Sim {
    /// How many events called `name` there were.
    pub(crate) fn noted(&self, name: &str) -> usize {
        self.0.notes.0.borrow().iter().filter(|it| it.0 == name).count()
    }

    /// The log.
    pub(crate) fn log(&self) -> Vec<String> {
        self.0.notes.0.borrow().iter().map(|it| it.1.clone()).collect()
    }

    pub(super) fn note(&self, event: &Event<'_>) {
        let line = event.to_string();
        self.check_secrets(&line);
        self.check_secrets(&format!("{event:?}"));
        assert!(!line.contains('\n'), "one line: {line}");
        self.0.notes.0.borrow_mut().push((event.name(), line));
    }

    /// Fails if a secret, or a good part of one, is in `text`.
    #[track_caller]
    pub(super) fn check_secrets(&self, text: &str) {
        let wechat = self.0.wechat.borrow();
        let tokens = wechat.issued.iter().map(|it| &*it.token);
        let secrets = wechat.secrets.iter().map(|it| &**it);
        for it in [SECRET, API_KEY, READER_KEY, HOOK_KEY].into_iter().chain(tokens).chain(secrets) {
            let (part, _) = it.split_at(it.len().min(8));
            // A token begins with its kind and number, which gives nothing away.
            let part = if it.starts_with("Classic-") || it.starts_with("Stable-") { it } else { part };
            assert!(!text.contains(part), "a secret is told: {text}");
        }
    }
}
