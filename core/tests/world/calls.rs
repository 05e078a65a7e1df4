//! Calls to WeChat: on their way, answered, or lost.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use wxedge::host::{Method, Request, Response, Unreachable};
use wxedge::limits;

use super::wechat::Api;
use super::{Sim, ms};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives, and nobody says so.
    Silent,
    /// WeChat does what it was asked, and the answer is lost.
    Lost,
    /// As `Lost`, and the connection breaks.
    LostBroken,
    /// No connection, or a reset; nothing arrived.
    Broken,
    /// The host starts no call.
    Refused,
    /// WeChat refuses with this errcode.
    Code(i64),
    /// This status and body come instead of WeChat's.
    Body(u16, &'static str),
}

impl Fault {
    /// One of each, for dice.
    pub(crate) const ALL: [Self; 19] = [
        Self::Silent,
        Self::Lost,
        Self::LostBroken,
        Self::Broken,
        Self::Refused,
        Self::Code(-1),
        Self::Code(40_001),
        Self::Code(40_125),
        Self::Code(40_164),
        Self::Code(45_009),
        Self::Code(45_011),
        Self::Code(89_507),
        Self::Body(503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
        Self::Body(502, "<html><h1>502 Bad Gateway</h1></html>"),
        Self::Body(200, "<html>welcome to our Wi-Fi</html>"),
        Self::Body(200, ""),
        Self::Body(200, "[1,2]"),
        Self::Body(200, r#"{"access_token":17,"expires_in":7200}"#),
        Self::Body(200, r#"{"access_token":"","expires_in":7200}"#),
    ];

    /// The ones after which the gateway may try again at once or nearly so.
    pub(crate) const PASSING: [Self; 8] = [
        Self::Silent,
        Self::Lost,
        Self::LostBroken,
        Self::Broken,
        Self::Code(-1),
        Self::Body(503, "no healthy upstream"),
        Self::Body(200, "<html>welcome to our Wi-Fi</html>"),
        Self::Body(200, "{}"),
    ];
}

/// How one call goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// From the call to its answer, in ms; it arrives at half of it.
    pub(crate) latency: u64,
    pub(crate) fault: Option<Fault>,
}

impl Plan {
    pub(crate) fn well(latency: u64) -> Self {
        Self { latency, fault: None }
    }

    pub(crate) fn fault(latency: u64, fault: Fault) -> Self {
        Self { latency, fault: Some(fault) }
    }
}

/// One call to WeChat.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Which one it is, counted from 1.
    pub(crate) nth: u64,
    /// When it began.
    pub(crate) at: u64,
    pub(crate) api: Api,
    pub(crate) force: bool,
    /// Which AppSecret came with it.
    pub(crate) secret: String,
    /// When the gateway had its answer.
    pub(crate) ended: Rc<Cell<Option<u64>>>,
    task: usize,
    /// When the lease began under which it was made, by the gateway's own rule.
    leased: u64,
}

type Planner = Box<dyn FnMut(&Sim, &Attempt) -> Plan>;

#[derive(Default)]
pub(super) struct Calls {
    planner: RefCell<Option<Planner>>,
    attempts: RefCell<Vec<Attempt>>,
}

impl Sim {
    /// How calls go from now on. Without a plan all go well within half a second.
    pub(crate) fn plan(&self, planner: impl FnMut(&Self, &Attempt) -> Plan + 'static) {
        self.0.calls.planner.replace(Some(Box::new(planner)));
    }

    /// All calls so far.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.0.calls.attempts.borrow().clone()
    }

    /// How many calls there were.
    pub(crate) fn fetches(&self) -> usize {
        self.0.calls.attempts.borrow().len()
    }

    pub(super) fn fetch(
        &self,
        request: Request,
        timeout: u64,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        let sim = self.clone();
        let attempt = self.attempt(&request);
        let plan = self.planned(&attempt);
        let ended = attempt.ended.clone();
        let reply = Rc::new(RefCell::new(None));
        let arrived = reply.clone();
        if !matches!(plan.fault, Some(Fault::Silent | Fault::Broken | Fault::Refused)) {
            self.after(plan.latency / 2, move |sim| {
                let refusal = if let Some(Fault::Code(code)) = plan.fault { Some(code) } else { None };
                let answer = sim.wechat(|it| it.serve(&request, sim.now(), refusal));
                arrived.replace(Some(answer));
            });
        }
        let (reply_at, end) = (self.now() + plan.latency, self.now() + timeout);
        let reply_at = if matches!(plan.fault, Some(Fault::Silent | Fault::Lost)) { u64::MAX } else { reply_at };
        core::future::poll_fn(move |_| {
            if sim.now() < reply_at.min(end) {
                sim.wake_at(reply_at.min(end));
                return Poll::Pending;
            }
            ended.set(Some(sim.now()));
            Poll::Ready(match plan.fault {
                _ if end < reply_at => Err(Unreachable::Timeout),
                Some(Fault::Broken | Fault::LostBroken) => Err(Unreachable::Broken),
                Some(Fault::Refused) => Err(Unreachable::Refused),
                Some(Fault::Body(status, body)) => {
                    Ok(Response { status, body: body.as_bytes().to_vec(), ..Response::default() })
                }
                _ => Ok(reply.borrow_mut().take().expect("the call has arrived before its answer")),
            })
        })
    }

    fn planned(&self, attempt: &Attempt) -> Plan {
        let planner = self.0.calls.planner.take();
        let Some(mut planner) = planner else {
            return Plan::well(self.random().between(2, 500));
        };
        let plan = planner(self, attempt);
        self.0.calls.planner.replace(Some(planner));
        plan
    }

    /// Notes a call and checks that no other one is under way whose lease still holds.
    fn attempt(&self, request: &Request) -> Attempt {
        let (task, born) = self.current();
        let mut attempts = self.0.calls.attempts.borrow_mut();
        let again = attempts.iter().any(|it| it.task == task);
        let leased = if again { self.now() } else { born };
        let (secret, force) = super::wechat::credentials(request);
        let api = if request.method == Method::Get { Api::Classic } else { Api::Stable };
        let nth = attempts.len() as u64 + 1;
        let ended = Rc::default();
        let attempt = Attempt { nth, at: self.now(), api, force, secret, ended, task, leased };
        let lease = ms(limits::LEASE);
        for other in attempts.iter().filter(|it| it.task != task && it.ended.get().is_none()) {
            let jumped = self.jumped().is_some_and(|it| other.leased <= it);
            let over = other.leased + lease <= self.now() || leased + lease <= self.now();
            // Another AppSecret is being proved: that ends nobody's token.
            let proof = other.secret != attempt.secret && attempt.api == Api::Stable && !attempt.force;
            assert!(jumped || over || proof, "two calls at once: {other:?} and {attempt:?}");
        }
        attempts.push(attempt.clone());
        attempt
    }
}
