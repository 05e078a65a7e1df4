//! The work that a lease is for: fetch, judge, store. It belongs to nobody's request.

use alloc::rc::Rc;
use alloc::{string::String, vec::Vec};
use core::time::Duration;

use crate::account::{Family, Kind};
use crate::config::{Account, TokenApi};
use crate::error::{Error, Reject, Unavailable};
use crate::event::{Event, Why};
use crate::host::{Request, Response, Store, Time, Unreachable, World};
use crate::keeper::record::{Failure, Record, Token};
use crate::keeper::token::{class, force_hold};
use crate::keeper::{Keeper, Stale, hooks, key, record};
use crate::limits;
use crate::wechat::errcode::{self, Class};
use crate::wechat::ticket;
use crate::wechat::token::{self, Grant};

/// One claimed refresh.
pub(super) struct Job<W, S> {
    pub(super) keeper: Keeper<W, S>,
    pub(super) account: Rc<Account>,
    pub(super) kind: Kind,
    pub(super) why: Why,
    /// The credential that will not do.
    pub(super) stale: Option<String>,
    pub(super) lease: u64,
    /// The generation when the lease was claimed.
    pub(super) generation: u64,
}

/// What came of it.
enum Outcome {
    /// WeChat gave this.
    Granted { got: Got, forced: bool },
    /// WeChat still holds the credential that will not do, and it may not be forced before `until`.
    Held { got: Got, until: Time },
}

/// A credential, and when it was asked for: its life may have begun then, however long the answer took.
pub(super) struct Got {
    pub(super) grant: Grant,
    pub(super) asked: Time,
}

impl<W: World, S> Keeper<W, S> {
    /// One call to WeChat, and when it began.
    pub(super) async fn call(&self, family: Family, request: Request) -> (Time, Result<Response, Error>) {
        let asked = self.world.now();
        let answer = self.world.fetch(self.gateway.upstream(family), request, limits::FETCH).await;
        (asked, answer.map_err(|it| unreachable(it, "WeChat")))
    }
}

impl<W: World, S: Store> Job<W, S> {
    pub(super) async fn run(self) {
        let outcome = self.obtain(&self.account).await;
        self.settle(&self.account, outcome);
    }

    async fn obtain(&self, account: &Account) -> Result<Outcome, Error> {
        let (appid, secret) = (&account.appid, &account.secret);
        if self.kind != Kind::Access {
            return self.ticket(account).await.map(|it| self.granted(it));
        }
        if account.id.family == Family::Wecom {
            return self.fetch(account, token::wecom(appid, secret)).await.map(|it| self.granted(it));
        }
        if account.token_api == TokenApi::Classic {
            return self.fetch(account, token::classic(appid, secret)).await.map(|it| self.granted(it));
        }
        let got = self.fetch(account, token::stable(appid, secret, false)).await?;
        if self.stale.as_deref() != Some(got.grant.value.expose()) {
            return Ok(Outcome::Granted { got, forced: false });
        }
        if let Some(until) = self.spend()? {
            return Ok(Outcome::Held { got, until });
        }
        match self.fetch(account, token::stable(appid, secret, true)).await {
            Ok(got) => Ok(Outcome::Granted { got, forced: true }),
            // Somebody else has spent what we believed to have: the same as an empty budget of our own.
            Err(error) if let Class::Quiet(span) = class(&error) => {
                Ok(Outcome::Held { got, until: self.keeper.world.now().plus(span) })
            }
            Err(error) => Err(error),
        }
    }

    /// What nobody can force: if WeChat gives again what will not do, there is nothing to be had for a while.
    fn granted(&self, got: Got) -> Outcome {
        if self.stale.as_deref() != Some(got.grant.value.expose()) {
            return Outcome::Granted { got, forced: false };
        }
        Outcome::Held { got, until: self.keeper.world.now().plus(limits::FORCE_GAP) }
    }

    /// A ticket, with a token that works: one that WeChat calls stale is rotated by comparison, once.
    async fn ticket(&self, account: &Account) -> Result<Got, Error> {
        let mut stale = Stale::No;
        loop {
            let first = stale == Stale::No;
            let token = self.keeper.credential(&account.id, Kind::Access, stale, None).await?.value;
            // The token may have taken longer than a lease lasts.
            if !self.update(false, |record| self.prolong(record)) {
                return Err(Unavailable::Superseded.into());
            }
            let request = ticket::request(account.id.family, self.kind, &token).ok_or(Reject::NotFound)?;
            let (asked, answer) = self.call(account, request).await;
            match ticket::grant(&answer?, &token) {
                Err(Error::Refused { code, .. }) if first && errcode::stale(code) => stale = Stale::Seen(token),
                other => return other.map(|grant| Got { grant, asked }),
            }
        }
    }

    async fn fetch(&self, account: &Account, request: Request) -> Result<Got, Error> {
        let (asked, answer) = self.call(account, request).await;
        token::grant(&answer?, &account.secret).map(|grant| Got { grant, asked })
    }

    async fn call(&self, account: &Account, request: Request) -> (Time, Result<Response, Error>) {
        self.keeper.call(account.id.family, request).await
    }

    /// The lease begins anew: another call follows.
    fn prolong(&self, record: &mut Record) {
        if let Some(lease) = record.lease.as_mut() {
            lease.until = self.keeper.world.now().plus(limits::LEASE);
        }
    }

    /// Spends one `force_refresh`, before it is sent: a reply that is lost has been spent too. Says until when none may be.
    /// The lease begins anew, since another call follows; if another has it by now, the force is that one's to spend.
    fn spend(&self) -> Result<Option<Time>, Error> {
        let mut hold = None;
        let now = self.keeper.world.now();
        let kept = self.update(false, |record| {
            hold = force_hold(&mut record.forced, now);
            if hold.is_none() {
                record.forced.push(now);
            }
            self.prolong(record);
        });
        if kept { Ok(hold) } else { Err(Unavailable::Superseded.into()) }
    }

    fn settle(&self, account: &Account, outcome: Result<Outcome, Error>) {
        let world = &self.keeper.world;
        let (id, kind, why) = (&account.id, self.kind, self.why);
        if let Err(Error::Unavailable(Unavailable::Superseded)) = outcome {
            return world.note(Event::Late { account: id, kind });
        }
        let now = world.now();
        let mut foreign = false;
        let mut next = now;
        let stored = self.update(true, |record| {
            record.lease = None;
            match &outcome {
                Ok(Outcome::Granted { got, forced }) => {
                    foreign = !forced && self.is_foreign(record, &got.grant, now);
                    record.foreign = record.foreign.saturating_add(foreign.into());
                    store(record, got, now);
                    // WeChat counts from when a call arrives, which is before its answer: a fast one must not overtake a slow one.
                    if let Some(spent) = record.forced.last_mut().filter(|_| *forced) {
                        *spent = now;
                    }
                }
                Ok(Outcome::Held { got, until }) => {
                    store(record, got, now);
                    record.held = Some(*until);
                }
                Err(error) => next = fail(record, error, now, &account.tag),
            }
        });
        if !stored {
            return world.note(Event::Late { account: id, kind });
        }
        if foreign {
            world.note(Event::ForeignRefresher { account: id, kind });
        }
        let news = match &outcome {
            Ok(Outcome::Granted { got, .. } | Outcome::Held { got, .. }) => Ok(&got.grant),
            Err(error) => Err(error),
        };
        hooks::tell(&self.keeper, id, kind, news);
        match &outcome {
            Err(error) => world.note(Event::RefreshFailed { account: id, kind, why, error, next }),
            Ok(Outcome::Granted { got, forced }) => {
                let expires_in = got.grant.expires_in;
                world.note(Event::Refreshed { account: id, kind, why, expires_in, forced: *forced });
            }
            Ok(Outcome::Held { .. }) => {}
        }
    }

    /// A caller saw the credential fail, though by our book it had long to live, and WeChat had another one for us:
    /// somebody else fetches it too, or WeChat ended it early. (A forced one is new by our own doing.)
    fn is_foreign(&self, record: &Record, grant: &Grant, now: Time) -> bool {
        let Some(old) = &record.value else { return false };
        let reported = self.why == Why::Stale && self.stale.as_deref() == Some(old.value.expose());
        reported && now < old.soft && old.value != grant.value
    }

    /// Changes the record while the lease is ours, against every other writer; says whether it could.
    ///
    /// A lease that ran out and was taken by another is not ours any more; but if nobody has stored anything since, what we
    /// fetched is the best there is, and the other's lease stays. (Unless only the holder may make this change: not `late`.)
    fn update(&self, late: bool, mut change: impl FnMut(&mut Record)) -> bool {
        let key = key(&self.account.id, self.kind);
        for _ in 0..limits::CONFLICTS {
            let mut seen = self.keeper.see(&key);
            let record = Rc::make_mut(&mut seen.record);
            let ours = record.lease.as_ref().is_some_and(|it| it.id == self.lease);
            let newer = record.v > record::VERSION;
            let over = !late || record.generation != self.generation;
            if newer || (!ours && over) {
                return false;
            }
            let others = record.lease.clone().filter(|_| !ours);
            change(record);
            if others.is_some() {
                record.lease = others;
            }
            self.keeper.sign(record, &self.account);
            if self.keeper.put(&key, &seen) {
                return true;
            }
        }
        false
    }
}

pub(super) fn store(record: &mut Record, got: &Got, now: Time) {
    let grant = &got.grant;
    let life = Duration::from_secs(grant.expires_in);
    // The clock may have run backwards meanwhile.
    let issued = got.asked.min(now);
    let hard = issued.plus(life);
    let known = record.value.as_ref().is_some_and(|it| it.value == grant.value);
    if !known {
        record.generation = record.generation.saturating_add(1);
        record.held = None;
    }
    record.value = Some(Token {
        value: grant.value.clone(),
        issued,
        // Counted from the answer: a moment too early WeChat would give the same one again.
        soft: now.plus(life.saturating_sub(margin(life))).min(hard),
        hard,
    });
    (record.failure, record.other) = (None, None);
}

/// How long before its end a credential is renewed. WeChat renews a stable token 5 minutes before the end.
fn margin(life: Duration) -> Duration {
    Duration::from_secs(300).min(life.checked_div(4).unwrap_or_default())
}

fn fail(record: &mut Record, error: &Error, now: Time, tag: &str) -> Time {
    let failures = [record.failure.take(), record.other.take()];
    let (mine, others): (Vec<_>, Vec<_>) = failures.into_iter().flatten().partition(|it| it.tag == tag);
    let count = mine.first().map_or(1, |it| it.count.saturating_add(1));
    let since = mine.first().map_or(now, |it| it.since);
    record.other = others.into_iter().next();
    let until = now.plus(class(error).pause(count));
    record.failure = Some(Failure { error: error.clone(), until, since, count, tag: tag.into() });
    until
}

fn unreachable(why: Unreachable, who: &str) -> Error {
    let who = who.into();
    match why {
        Unreachable::Timeout => Unavailable::Timeout { who },
        Unreachable::Broken => Unavailable::Unreachable { who },
        Unreachable::Refused => Unavailable::Busy { what: "the call to WeChat could not be started".into() },
    }
    .into()
}
