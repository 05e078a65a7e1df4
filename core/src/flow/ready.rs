//! `GET /readyz`: whether the gateway can serve, why not, and what helps. It is told from the records; WeChat is not asked.

use alloc::string::String;
use alloc::vec::Vec;

use crate::account::Kind;
use crate::caller::Asker;
use crate::config::Gateway;
use crate::error::Error;
use crate::host::{Head, Host, Response, Time};
use crate::json::{self, Json};
use crate::keeper::client;
use crate::keeper::health::Health;
use crate::keeper::record::Failure;
use crate::race;
use crate::wechat::remedy::remedy;

/// The fields of an object, in their order.
#[derive(Default)]
struct Fields(Vec<(String, Json)>);

impl Fields {
    fn put(&mut self, name: &str, value: Json) {
        self.0.push((name.into(), value));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.put(name, Json::Text(value.into()));
    }

    fn number(&mut self, name: &str, value: u64) {
        self.put(name, Json::Unsigned(value));
    }

    fn object(&mut self, name: &str, value: Self) {
        self.put(name, Json::Object(value.0));
    }
}

/// Every configured app that the caller may use. The status is 503 if the token of one of them cannot be served.
///
/// # Errors
/// [`crate::error::Reject`] for who may not.
pub async fn ready<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    let seen = gateway.names().filter(|it| asker.sees(it));
    let accounts = seen.filter_map(|name| Some((name, &gateway.app(name)?.id)));
    let told = race::all(accounts.map(async |(name, id)| (name, client::health(host, id).await))).await;
    let (mut apps, mut ready) = (Fields::default(), true);
    for (name, told) in told {
        let (app, serves) = app(told, host.now());
        ready &= serves;
        apps.object(name, app);
    }
    let mut body = Fields::default();
    body.put("ready", Json::Bool(ready));
    body.object("apps", apps);
    Ok(Response::json(if ready { 200 } else { 503 }, json::write(&Json::Object(body.0))))
}

/// What is told of an app, and whether it can serve. A ticket does not count: an account that may not have one would never be
/// ready again once somebody has asked.
fn app(told: Result<Vec<Health>, Error>, now: Time) -> (Fields, bool) {
    let (mut app, mut tickets, mut serves) = (Fields::default(), Fields::default(), false);
    let told = told.unwrap_or_else(|error| {
        app.text("state", "unknown");
        app.object("failure", reason(&error));
        Vec::new()
    });
    for health in told {
        let (state, works) = state(&health);
        let status = status(&health, state, now);
        if health.kind == Kind::Access {
            (app, serves) = (status, works);
        } else {
            tickets.object(health.kind.as_str(), status);
        }
    }
    if !tickets.0.is_empty() {
        app.object("tickets", tickets);
    }
    (app, serves)
}

/// The word for it, and whether there is or will be something to give.
const fn state(health: &Health) -> (&'static str, bool) {
    match (&health.life, &health.failure, health.busy) {
        (Some(_), Some(_), _) => ("failing_but_serving", true),
        (None, Some(_), _) => ("failing", false),
        (_, None, true) => ("refreshing", true),
        (Some(_), None, false) => ("ready", true),
        (None, None, false) => ("cold", true),
    }
}

/// All times are in seconds.
fn status(health: &Health, state: &str, now: Time) -> Fields {
    let mut status = Fields::default();
    status.text("state", state);
    if let Some((issued, hard)) = health.life {
        status.number("age", issued.until(now).as_secs());
        status.number("expires_in", now.until(hard).as_secs());
    }
    if let Some(it) = &health.failure {
        status.object("failure", failure(it, now));
    }
    status.number("foreign", health.foreign);
    status
}

fn failure(failure: &Failure, now: Time) -> Fields {
    let mut told = reason(&failure.error);
    told.number("times", failure.count.into());
    if failure.since > Time::default() {
        told.number("since", failure.since.until(now).as_secs());
    }
    told.number("retry_in", now.until(failure.until).as_secs());
    told
}

fn reason(error: &Error) -> Fields {
    let mut told = Fields::default();
    told.put("errcode", Json::Signed(error.code()));
    told.text("errmsg", &error.message());
    if let Error::Refused { code, message } = error
        && let Some(it) = remedy(*code, message)
    {
        told.text("remedy", &it);
    }
    told
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Unavailable;

    fn of(kind: Kind, alive: bool, code: Option<i64>) -> Health {
        let failure = code.map(|code| Failure {
            error: Error::Refused { code, message: "no".into() },
            until: Time::from_ms(2_000),
            since: Time::default(),
            count: 1,
            tag: "t".into(),
        });
        let life = alive.then(|| (Time::default(), Time::from_ms(7_200_000)));
        Health { kind, life, busy: false, failure, foreign: 0 }
    }

    fn told(told: Result<Vec<Health>, Error>, now: u64) -> (Value, bool) {
        let (app, serves) = app(told, Time::from_ms(now));
        (serde_json::to_value(Json::Object(app.0)).unwrap(), serves)
    }

    #[test]
    fn a_ticket_that_cannot_be_had_is_told_and_does_not_count() {
        let both = [of(Kind::Access, true, None), of(Kind::WxCard, false, Some(48_001))];
        let (app, serves) = told(Ok(both.into()), 1_000);
        let failure = json!({
            "errcode": 48_001, "errmsg": "no", "times": 1, "retry_in": 1,
            "remedy": "the account may not use this API: look at its permissions in the console"
        });
        let ticket = json!({ "state": "failing", "failure": failure, "foreign": 0 });
        let token =
            json!({ "state": "ready", "age": 1, "expires_in": 7_199, "foreign": 0, "tickets": { "wx_card": ticket } });
        assert_eq!((app, serves), (token, true));
    }

    #[test]
    fn what_has_no_remedy_is_told_without_one() {
        let (app, serves) = told(Ok([of(Kind::Access, false, Some(1))].into()), 0);
        let failure = json!({ "errcode": 1, "errmsg": "no", "times": 1, "retry_in": 2 });
        assert_eq!((app, serves), (json!({ "state": "failing", "failure": failure, "foreign": 0 }), false));
    }

    #[test]
    fn a_keeper_that_cannot_be_asked_makes_an_app_unready() {
        let lost = Unavailable::Unreachable { who: "the keeper".into() };
        let (app, serves) = told(Err(lost.into()), 0);
        let failure = json!({ "errcode": -10_001, "errmsg": "the keeper cannot be reached" });
        assert_eq!((app, serves), (json!({ "state": "unknown", "failure": failure }), false));
    }
}
