//! Back-ends that get messages, and WeChat's word on who wrote them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Poll;

use wxedge::host::{Request, Response, Unreachable};

use super::Sim;

/// The end of a back-end's name; before it stands which one it is.
pub(crate) const BACK_ENDS: &str = ".backends.internal";

const USER_INFO: &str = "/cgi-bin/user/info?";

/// One request to a back-end.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// When.
    pub(crate) at: u64,
    /// Which one: "one", "two", "three".
    pub(crate) who: String,
    /// Path and query.
    pub(crate) target: String,
    /// What is the same in every delivery of one message.
    pub(crate) id: String,
    pub(crate) body: String,
}

/// How a back-end answers.
#[derive(Clone, Debug)]
pub(crate) enum Saying {
    /// With this status and body after so many ms.
    After(u64, u16, String),
    /// Never.
    Hangs,
    /// The connection breaks.
    Breaks,
}

impl Saying {
    /// The text `text`, in go-wx-gateway's words, after so many ms.
    pub(crate) fn text(after: u64, text: &str) -> Self {
        Self::After(after, 200, serde_json::json!({ "type": "text", "msg": text }).to_string())
    }

    /// Nothing to say, after so many ms.
    pub(crate) fn nothing(after: u64) -> Self {
        Self::After(after, 200, String::new())
    }
}

type Script = Box<dyn FnMut(&Sim, &Asked) -> Saying>;

#[derive(Default)]
pub(super) struct BackEnds {
    asked: RefCell<Vec<Asked>>,
    script: RefCell<Option<Script>>,
    calls: RefCell<Vec<String>>,
    said: RefCell<BTreeMap<&'static str, String>>,
}

impl Sim {
    /// How back-ends answer from now on. Without this they have nothing to say.
    pub(crate) fn script(&self, script: impl FnMut(&Self, &Asked) -> Saying + 'static) {
        self.0.back_ends.script.replace(Some(Box::new(script)));
    }

    /// All requests to back-ends so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.back_ends.asked.borrow().clone()
    }

    /// The same to one of them.
    pub(crate) fn asked_of(&self, who: &str) -> usize {
        self.0.back_ends.asked.borrow().iter().filter(|it| it.who == who).count()
    }

    /// What WeChat says from now on to whatever begins so. Without this it says nothing.
    pub(crate) fn says(&self, begins: &'static str, answer: &str) {
        self.0.back_ends.said.borrow_mut().insert(begins, answer.into());
    }

    /// What it was asked that begins so.
    pub(crate) fn calls(&self, begins: &str) -> Vec<String> {
        self.0.back_ends.calls.borrow().iter().filter(|it| it.starts_with(begins)).cloned().collect()
    }

    /// What WeChat says when it is asked who wrote.
    pub(crate) fn user(&self, answer: &str) {
        self.says(USER_INFO, answer);
    }

    /// The targets of the requests that asked so.
    pub(crate) fn users(&self) -> Vec<String> {
        self.calls(USER_INFO)
    }

    pub(super) fn to_back_end(
        &self,
        who: &str,
        request: Request,
        timeout: u64,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        let id = request.headers.iter().find(|it| it.0 == "webhook-id").expect("an id").1.clone();
        let body = String::from_utf8(request.body).expect("a text");
        let asked = Asked { at: self.now(), who: who.into(), target: request.target, id, body };
        self.0.back_ends.asked.borrow_mut().push(asked.clone());
        let script = self.0.back_ends.script.take();
        let saying = match script {
            Some(mut script) => {
                let saying = script(self, &asked);
                self.0.back_ends.script.replace(Some(script));
                saying
            }
            None => Saying::nothing(1),
        };
        self.said(saying, timeout)
    }

    pub(super) fn to_api(
        &self,
        request: &Request,
        timeout: u64,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        self.0.back_ends.calls.borrow_mut().push(request.target.clone());
        let said = self.0.back_ends.said.borrow();
        let answer = said.iter().find(|it| request.target.starts_with(it.0)).map(|it| it.1.clone());
        self.said(answer.map_or(Saying::Hangs, |it| Saying::After(20, 200, it)), timeout)
    }

    fn said(&self, saying: Saying, timeout: u64) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        let (sim, end) = (self.clone(), self.now() + timeout);
        let at = Rc::new(match saying {
            Saying::After(after, ..) => (self.now() + after).min(end),
            Saying::Hangs => end,
            Saying::Breaks => self.now(),
        });
        core::future::poll_fn(move |_| {
            if sim.now() < *at {
                sim.wake_at(*at);
                return Poll::Pending;
            }
            Poll::Ready(match &saying {
                Saying::After(_, status, body) if *at < end => {
                    Ok(Response { status: *status, body: body.clone().into(), ..Response::default() })
                }
                Saying::After(..) | Saying::Hangs => Err(Unreachable::Timeout),
                Saying::Breaks => Err(Unreachable::Broken),
            })
        })
    }
}
