//! A back-end that is told of refreshes.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

use serde_json::Value;
use wxedge::host::{Method, Request, Response, Unreachable};

use super::Sim;

/// Where it is.
pub(crate) const BACKEND: &str = "bot.internal:8080";
/// The key it shares with the gateway.
pub(crate) const HOOK_KEY: &str = "hook-key-of-the-bot";

/// What the back-end was told, once for each attempt.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// When the attempt began.
    pub(crate) at: u64,
    /// Which message.
    pub(crate) id: String,
    /// The headers without those that are checked here.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manners {
    /// With this status after so many ms.
    Says(u16, u64),
    /// Never.
    Silent,
    /// The connection breaks.
    Breaks,
    /// The host does not start the call.
    Refused,
}

type Mood = Box<dyn FnMut(&Sim, &Told) -> Manners>;

#[derive(Default)]
pub(super) struct Hooks {
    told: RefCell<Vec<Told>>,
    mood: RefCell<Option<Mood>>,
}

impl Sim {
    /// How the back-end answers from now on. Without this it says 200 within 50 ms.
    pub(crate) fn mood(&self, mood: impl FnMut(&Self, &Told) -> Manners + 'static) {
        self.0.hooks.mood.replace(Some(Box::new(mood)));
    }

    /// All that it was told so far, attempt by attempt.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.0.hooks.told.borrow().clone()
    }

    pub(super) fn hooked(
        &self,
        request: Request,
        timeout: u64,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        assert_eq!((request.method, &*request.target), (Method::Post, "/wx"));
        let header = |name: &str| request.headers.iter().find(|it| it.0 == name).map(|it| it.1.clone());
        let id = header("webhook-id").expect("an id");
        let seconds = header("webhook-timestamp").expect("a time");
        assert_eq!(seconds, (self.wall().as_ms() / 1000).to_string());
        let key = wxedge::webhook::Key::parse(HOOK_KEY).unwrap();
        assert_eq!(header("webhook-signature"), Some(key.sign(&id, &seconds, &request.body)));
        let headers = request.headers.into_iter().filter(|it| !it.0.starts_with("webhook-")).collect();
        let body = serde_json::from_slice(&request.body).expect("JSON");
        let told = Told { at: self.now(), id, headers, body };
        self.0.hooks.told.borrow_mut().push(told.clone());
        let manners = self.manners(&told);
        let (end, sim) = (self.now() + timeout, self.clone());
        let at = Rc::new(match manners {
            Manners::Says(_, after) => (self.now() + after).min(end),
            Manners::Silent => end,
            Manners::Breaks | Manners::Refused => self.now(),
        });
        core::future::poll_fn(move |_| {
            if sim.now() < *at {
                sim.wake_at(*at);
                return Poll::Pending;
            }
            Poll::Ready(match manners {
                Manners::Says(status, _) if *at < end => Ok(Response { status, ..Response::default() }),
                Manners::Says(..) | Manners::Silent => Err(Unreachable::Timeout),
                Manners::Breaks => Err(Unreachable::Broken),
                Manners::Refused => Err(Unreachable::Refused),
            })
        })
    }

    fn manners(&self, told: &Told) -> Manners {
        let Some(mut mood) = self.0.hooks.mood.take() else {
            return Manners::Says(200, self.random().between(1, 50));
        };
        let manners = mood(self, told);
        self.0.hooks.mood.replace(Some(mood));
        manners
    }
}
