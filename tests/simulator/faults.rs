//! What can go wrong on demand, and whose turn it is.
//!
//! Faults of one endpoint are played in the order they came, each as often as its `times` says; one without `times`
//! lasts until the next for the same endpoint replaces it. `delay` runs beside the others: both apply to one call.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Reply;
use super::endpoints;
use super::wechat::Refusal;

/// The endpoint name that stands for all.
const ANY: &str = "*";
/// What a system that is busy answers.
const SYSTEM_ERROR: i64 = -1;
/// How long a dribbled body takes if the fault does not say.
const SLOW_BODY: Duration = Duration::from_secs(2);

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The answer comes `ms` later; the call takes effect at once.
    Delay,
    /// No answer ever; the connection stays open.
    Hang,
    /// Status 500 with a text.
    #[serde(rename = "http_500")]
    Http500,
    /// Status 200 with an HTML error page, as proxies do.
    Html,
    /// The connection is closed without an answer; the call takes no effect.
    Cut,
    /// The head and half of the body, then the connection is closed; the call takes effect.
    CutBody,
    /// The call takes effect, then the connection is closed without an answer.
    AcceptedReplyLost,
    /// Status 200 with JSON of the wrong shape.
    Garbage,
    /// An `errcode` of WeChat's.
    Errcode,
    /// The body comes in drops over `ms`; the call takes effect.
    SlowBody,
}

/// The body of `POST /_sim/faults`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A short name, or `*` for all.
    endpoint: String,
    /// What goes wrong.
    fault: Kind,
    /// Milliseconds before the answer; for `slow_body`, from its first byte to its last.
    #[serde(default)]
    ms: Option<u64>,
    /// How often; for ever if absent.
    #[serde(default)]
    times: Option<u32>,
    /// The body of `http_500`, `html` or `garbage`: a text as it is, anything else as JSON.
    #[serde(default)]
    body: Option<Value>,
    /// For `errcode`; -1 if absent.
    #[serde(default)]
    errcode: Option<i64>,
    /// For `errcode`; WeChat's own text if absent.
    #[serde(default)]
    errmsg: Option<String>,
}

/// How a reply is put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// At once.
    Whole,
    /// In drops.
    Slow(Duration),
    /// Half of the body, then the end of the connection.
    Half,
    /// Nothing, then the end of the connection.
    Cut,
    /// Nothing.
    Never,
}

/// What one call has to suffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Before the answer.
    pub delay: Duration,
    /// Answered in place of what WeChat would do.
    pub instead: Option<Instead>,
    /// How the reply is put on the wire.
    pub delivery: Delivery,
    /// The kinds at work, for the counters.
    pub names: Vec<String>,
}

/// What is answered in place of what WeChat would do; the call takes no effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Instead {
    /// Any reply.
    Reply(Reply),
    /// A refusal whose text gets a `rid`.
    Refusal(Refusal),
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
}

impl Fault {
    /// The error is a sentence that begins with the field.
    pub fn check(&self) -> Result<(), String> {
        if self.endpoint != ANY && !endpoints::is_known(&self.endpoint) {
            return Err(format!("endpoint: there is no such endpoint, {} and *", endpoints::list()));
        }
        if self.times == Some(0) {
            return Err("times: it must be at least 1; leave it out for ever".to_owned());
        }
        if self.fault == Kind::Delay && self.ms.is_none() {
            return Err("ms: a delay needs it".to_owned());
        }
        if self.body.is_some() && !matches!(self.fault, Kind::Http500 | Kind::Html | Kind::Garbage) {
            return Err("body: only http_500, html and garbage take one".to_owned());
        }
        let field = if self.errcode.is_some() { "errcode" } else { "errmsg" };
        if self.fault != Kind::Errcode && (self.errcode.is_some() || self.errmsg.is_some()) {
            return Err(format!("{field}: only the fault errcode takes it"));
        }
        Ok(())
    }

    fn is_delay(&self) -> bool {
        self.fault == Kind::Delay
    }

    fn ms(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(0))
    }

    /// Writes this fault into the plan of a call.
    fn play(&self, plan: &mut Plan) {
        plan.names.push(self.fault.name());
        if self.fault != Kind::SlowBody {
            plan.delay += self.ms();
        }
        match self.fault {
            Kind::Delay => {}
            Kind::Hang => plan.delivery = Delivery::Never,
            Kind::Http500 => plan.instead = Some(self.page(500, "text/plain", "Internal Server Error")),
            Kind::Html => plan.instead = Some(self.page(200, "text/html; charset=utf-8", HTML)),
            Kind::Cut | Kind::AcceptedReplyLost => plan.delivery = Delivery::Cut,
            Kind::CutBody => plan.delivery = Delivery::Half,
            Kind::Garbage => plan.instead = Some(self.garbage()),
            Kind::Errcode => plan.instead = Some(Instead::Refusal(self.refusal())),
            Kind::SlowBody => plan.delivery = Delivery::Slow(self.ms.map_or(SLOW_BODY, Duration::from_millis)),
        }
        // These two must not take effect: the body of this reply is never seen.
        if matches!(self.fault, Kind::Hang | Kind::Cut) {
            plan.instead = Some(Instead::Reply(Reply::text(200, "")));
        }
    }

    fn page(&self, status: u16, content_type: &str, default: &str) -> Instead {
        let body = self.body.as_ref().map_or_else(|| default.to_owned(), raw);
        Instead::Reply(Reply::with(status, content_type, body))
    }

    fn garbage(&self) -> Instead {
        let shapeless = json!({ "access_token": { "value": 7200 }, "expires_in": "soon", "ticket": [], "errmsg": 0 });
        let mut reply = Reply::json(&shapeless);
        if let Some(body) = &self.body {
            reply.body = raw(body).into();
        }
        Instead::Reply(reply)
    }

    fn refusal(&self) -> Refusal {
        let mut refusal = Refusal::by_code(self.errcode.unwrap_or(SYSTEM_ERROR));
        if let Some(text) = &self.errmsg {
            refusal.text = text.clone().into();
        }
        refusal
    }
}

impl Kind {
    /// The word of the control API.
    pub fn name(self) -> String {
        let word = serde_json::to_value(self).ok();
        word.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Faults {
    /// Adds a fault behind those in force; one that lasted for ever gives way.
    pub fn add(&mut self, fault: Fault) {
        self.list
            .retain(|old| old.times.is_some() || old.endpoint != fault.endpoint || old.is_delay() != fault.is_delay());
        self.list.push(fault);
    }

    /// Back to a WeChat that works.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// What the next call of that endpoint has to suffer.
    pub fn take(&mut self, endpoint: &str) -> Plan {
        let mut plan = Plan { delay: Duration::ZERO, instead: None, delivery: Delivery::Whole, names: Vec::new() };
        for delays in [true, false] {
            let Some(at) = self.position(endpoint, delays) else {
                continue;
            };
            self.list[at].play(&mut plan);
            self.use_up(at);
        }
        plan
    }

    /// A fault of the endpoint itself comes before one of all endpoints.
    fn position(&self, endpoint: &str, delays: bool) -> Option<usize> {
        let of = |name: &str| self.list.iter().position(|fault| fault.endpoint == name && fault.is_delay() == delays);
        of(endpoint).or_else(|| of(ANY))
    }

    fn use_up(&mut self, at: usize) {
        match &mut self.list[at].times {
            None => {}
            Some(1) => drop(self.list.remove(at)),
            Some(times) => *times -= 1,
        }
    }
}

fn raw(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
    <body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fault(text: Value) -> Fault {
        let fault: Fault = serde_json::from_value(text).unwrap();
        fault.check().unwrap();
        fault
    }

    #[track_caller]
    fn played(faults: &mut Faults, endpoint: &str) -> String {
        faults.take(endpoint).names.join("+")
    }

    #[test]
    fn faults_are_played_in_order_each_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(fault(json!({"endpoint": "token", "fault": "cut", "times": 2})));
        faults.add(fault(json!({"endpoint": "token", "fault": "html", "times": 1})));
        let names: Vec<_> = (0..4).map(|_| played(&mut faults, "token")).collect();
        assert_eq!(names, ["cut", "cut", "html", ""]);
        assert_eq!(played(&mut faults, "stable_token"), "");
    }

    #[test]
    fn a_fault_for_ever_lasts_until_the_next_replaces_it() {
        let mut faults = Faults::default();
        faults.add(fault(json!({"endpoint": "token", "fault": "hang"})));
        assert_eq!(played(&mut faults, "token"), "hang");
        assert_eq!(played(&mut faults, "token"), "hang");
        faults.add(fault(json!({"endpoint": "token", "fault": "http_500"})));
        assert_eq!(played(&mut faults, "token"), "http_500");
    }

    #[test]
    fn an_endpoints_own_fault_comes_before_the_star() {
        let mut faults = Faults::default();
        faults.add(fault(json!({"endpoint": "*", "fault": "hang"})));
        faults.add(fault(json!({"endpoint": "token", "fault": "html", "times": 1})));
        assert_eq!(played(&mut faults, "token"), "html");
        assert_eq!(played(&mut faults, "token"), "hang");
        assert_eq!(played(&mut faults, "user_info"), "hang");
    }

    #[test]
    fn a_delay_adds_up_with_another_fault() {
        let mut faults = Faults::default();
        faults.add(fault(json!({"endpoint": "token", "fault": "delay", "ms": 30})));
        faults.add(fault(json!({"endpoint": "*", "fault": "errcode", "errcode": 45009, "ms": 12})));
        let plan = faults.take("token");
        assert_eq!(plan.delay, Duration::from_millis(42));
        assert_eq!(plan.names, ["delay", "errcode"]);
        assert_eq!(plan.instead, Some(Instead::Refusal(Refusal::DAILY_QUOTA)));
    }

    #[test]
    fn a_bad_fault_names_the_field() {
        for (text, field) in [
            (json!({"endpoint": "tokens", "fault": "cut"}), "endpoint"),
            (json!({"endpoint": "*", "fault": "cut", "times": 0}), "times"),
            (json!({"endpoint": "*", "fault": "delay"}), "ms"),
            (json!({"endpoint": "*", "fault": "cut", "body": "x"}), "body"),
            (json!({"endpoint": "*", "fault": "cut", "errcode": 1}), "errcode"),
            (json!({"endpoint": "*", "fault": "cut", "errmsg": "x"}), "errmsg"),
        ] {
            let fault: Fault = serde_json::from_value(text).unwrap();
            let sentence = fault.check().unwrap_err();
            assert!(sentence.starts_with(&format!("{field}: ")), "{sentence}");
        }
    }
}
