//! Callers, and what they got. Whatever they got is judged when they get it.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;
use wxedge::account::Kind;
use wxedge::error::Error;
use wxedge::host::{Head, Headers, Method, Response, Verdict};
use wxedge::keeper::record::Credential;
use wxedge::keeper::{Answer, Ask, Place, Stale};
use wxedge::secret::Secret;

use super::exec::Role;
use super::settings::HOST;
use super::{Edge, Sim, account};

/// What a caller will have got; `None` as long as it has not, and for ever if its thread died.
pub(crate) struct Ticket<T>(Rc<RefCell<Option<T>>>);

impl<T: Clone> Ticket<T> {
    pub(crate) fn got(&self) -> Option<T> {
        self.0.borrow().clone()
    }

    #[track_caller]
    pub(crate) fn answer(&self) -> T {
        self.got().expect("an answer")
    }
}

/// The token in an answer.
#[track_caller]
pub(crate) fn token_of(response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response.status, 200, "{body}");
    assert!(body["expires_in"].as_u64().is_some(), "{body}");
    body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {body}")).into()
}

/// Status, errcode and errmsg of an answer.
#[track_caller]
pub(crate) fn error_of(response: &Response) -> (u16, i64, String) {
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let message = body["errmsg"].as_str().unwrap_or_default().into();
    (response.status, body["errcode"].as_i64().expect("an errcode"), message)
}

/// Asks once and runs until the answer is there.
#[track_caller]
pub(crate) fn first_token(sim: &Sim, edge: &Edge) -> String {
    let caller = edge.ask(None);
    sim.run();
    caller.answer().unwrap()
}

/// As a back-end does it: takes the token, tries it, and reports it if it fails, until one works.
#[track_caller]
pub(crate) fn working_token(sim: &Sim, edge: &Edge) -> String {
    let mut token = first_token(sim, edge);
    for _ in 0..3 {
        if sim.works(&token) {
            return token;
        }
        let caller = edge.ask(Some(&token));
        sim.run();
        token = caller.answer().unwrap();
    }
    panic!("no token works");
}

struct Fixed(Vec<(&'static str, String)>);

impl Headers for Fixed {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|it| it.0 == name)?;
        Some(found.1.as_bytes().to_vec())
    }
}

impl Edge {
    /// A caller asks the keeper; `stale` is the token that it saw fail.
    pub(crate) fn ask(&self, stale: Option<&str>) -> Ticket<Result<String, Error>> {
        let seen = |it: &str| Stale::Seen(Secret::new(it.into()));
        self.credential(stale.map_or(Stale::No, seen))
    }

    /// A caller asks the keeper for another token than the current one.
    pub(crate) fn rotate(&self) -> Ticket<Result<String, Error>> {
        self.credential(Stale::Current)
    }

    fn credential(&self, stale: Stale) -> Ticket<Result<String, Error>> {
        let (keeper, sim) = (self.keeper(), self.sim.clone());
        self.caller(async move {
            let ask = Ask::Credential { kind: Kind::Access, stale: stale.clone() };
            let answer = keeper.answer(&Place::Account(account()), ask).await;
            match answer {
                Ok(Answer::Credential(it)) => {
                    sim.check_credential(&it, &stale);
                    Ok(it.value.expose().into())
                }
                Ok(_) => panic!("another kind of answer"),
                Err(error) => {
                    sim.check_secrets(&format!("{error} {error:?}"));
                    Err(error)
                }
            }
        })
    }

    /// A back-end sends a GET with its key.
    pub(crate) fn get(&self, target: &str) -> Ticket<Response> {
        self.send(Method::Get, target, &[("authorization", &format!("Bearer {}", super::API_KEY))], "")
    }

    /// A program that believes to speak with WeChat asks for a stable token.
    pub(crate) fn stable_token(&self, force: bool) -> Ticket<Response> {
        let body = serde_json::json!({
            "grant_type": "client_credential",
            "appid": super::APPID,
            "secret": super::SECRET,
            "force_refresh": force
        });
        self.send(Method::Post, "/cgi-bin/stable_token", &[], &body.to_string())
    }

    /// A program that believes to speak with WeChat asks for a token.
    pub(crate) fn classic_token(&self) -> Ticket<Response> {
        self.with_secret(super::APPID, super::SECRET)
    }

    /// The same, with an AppSecret of its own.
    pub(crate) fn with_secret(&self, appid: &str, secret: &str) -> Ticket<Response> {
        let secret = wxedge::query::escape(secret);
        let target = format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
        self.send(Method::Get, &target, &[], "")
    }

    pub(crate) fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Ticket<Response> {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).into())).collect();
        let (target, host) = (target.to_owned(), HOST.to_owned());
        let head = Head { method, target, host, headers: Rc::new(Fixed(headers)) };
        let (sim, gateway) = (self.sim.clone(), self.gateway.clone());
        let edge = Self { body: Rc::new(body.as_bytes().to_vec()), ..self.clone() };
        self.caller(async move {
            let Verdict::Reply(response) = wxedge::handle(gateway, edge, head).await else {
                panic!("nothing here is forwarded");
            };
            sim.check_response(&response);
            response
        })
    }

    fn caller<T: Clone + 'static>(&self, task: impl Future<Output = T> + 'static) -> Ticket<T> {
        let slot = Rc::new(RefCell::new(None));
        let ticket = Ticket(slot.clone());
        self.sim.spawn(self.thread, Role::Caller, async move {
            let answer = task.await;
            slot.replace(Some(answer));
        });
        ticket
    }
}

impl Sim {
    #[track_caller]
    fn check_credential(&self, it: &Credential, stale: &Stale) {
        let token = it.value.expose();
        self.check_token(token);
        assert!(self.wall() < it.hard, "a dead credential is given");
        if let Stale::Seen(seen) = stale {
            assert_ne!(token, seen.expose(), "the very token that does not work is given again");
        }
    }

    /// WeChat gave it, and its life as it was promised is not over, but for the clock's error.
    #[track_caller]
    fn check_token(&self, token: &str) {
        let wechat = self.0.wechat.borrow();
        let issued = wechat.find(token).expect("a token that WeChat gave");
        let (now, end) = (self.now(), issued.promised + self.clock_error());
        assert!(now <= end, "a token is served {} ms after its end", now - end);
    }

    #[track_caller]
    fn check_response(&self, response: &Response) {
        // WeChat is answered in XML or with a word.
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        if let Some(token) = body.as_ref().and_then(|it| it["access_token"].as_str()) {
            return self.check_token(token);
        }
        self.check_secrets(&String::from_utf8_lossy(&response.body));
        response.headers.iter().for_each(|it| self.check_secrets(&it.1));
        self.check_secrets(&format!("{response:?}"));
    }
}
