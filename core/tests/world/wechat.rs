//! WeChat's tokens, by WeChat's rules.
//!
//! `GET /cgi-bin/token` issues a new token each time and lets the last one live for five minutes more. `POST /cgi-bin/stable_token`
//! gives the same one until the last five minutes (or the last quarter, if that is less); forced, it ends that one at once, not
//! more often than every 30 seconds and 20 times a day. The two kinds know nothing of each other.

use serde_json::{Value, json};
use wxedge::host::{Method, Request, Response};
use wxedge::query::parameter;

use super::{Random, SECRET};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Classic,
    Stable,
}

impl Api {
    pub(crate) const BOTH: [Self; 2] = [Self::Classic, Self::Stable];
}

/// A token that was given out.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) api: Api,
    /// The end of its life as it was promised, in true time.
    pub(crate) promised: u64,
    /// When it really ends.
    pub(crate) dies: u64,
}

/// WeChat, with one account.
pub(crate) struct WeChat {
    /// The AppSecrets it takes now.
    pub(crate) secrets: Vec<String>,
    /// How long a new token lives, in seconds.
    pub(crate) life: u64,
    /// What it says when it refuses; `{}` stands for the request's target or body.
    pub(crate) errmsg: String,
    /// All tokens ever given out, the newest last.
    pub(crate) issued: Vec<Issued>,
    /// When `force_refresh` was granted.
    pub(crate) forced: Vec<u64>,
    /// How often it was asked to force too soon or too often.
    pub(crate) overdone: u32,
    random: Random,
}

/// How long the classic token before the newest one lives on.
const GRACE: u64 = 300_000;
const DAY: u64 = 86_400_000;

impl WeChat {
    pub(super) fn new(seed: u64) -> Self {
        let (secrets, issued) = (vec![SECRET.into()], Vec::new());
        let (errmsg, random) = ("no, not you".into(), Random::new(!seed));
        Self { secrets, life: 7200, errmsg, issued, forced: Vec::new(), overdone: 0, random }
    }

    /// The newest token of one kind.
    pub(crate) fn newest(&self, api: Api) -> Option<&Issued> {
        self.issued.iter().rfind(|it| it.api == api)
    }

    /// The token called `token`.
    pub(crate) fn find(&self, token: &str) -> Option<&Issued> {
        self.issued.iter().find(|it| it.token == token)
    }

    pub(crate) fn works(&self, token: &str, now: u64) -> bool {
        self.find(token).is_some_and(|it| now < it.dies)
    }

    /// Ends the newest token now, as WeChat sometimes does.
    pub(crate) fn kill(&mut self, api: Api, now: u64) {
        if let Some(it) = self.issued.iter_mut().rfind(|it| it.api == api) {
            it.dies = it.dies.min(now);
        }
    }

    /// Somebody else fetches a token for the same account, forced if it is a stable one.
    pub(crate) fn foreigner(&mut self, api: Api, now: u64) {
        self.kill(api, now + if api == Api::Classic { GRACE } else { 0 });
        self.issue(api, now);
    }

    /// The answer to `request`; `refusal` is an errcode to refuse with.
    pub(super) fn serve(&mut self, request: &Request, now: u64, refusal: Option<i64>) -> Response {
        let (secret, force) = credentials(request);
        let wrong = (!self.secrets.contains(&secret)).then_some(40_125);
        let said = match refusal.or(wrong) {
            Some(code) => Err(code),
            None if request.method == Method::Get => Ok(self.classic(now)),
            None if force => self.force(now),
            None => Ok(self.stable(now)),
        };
        let body = match said {
            Ok((token, life)) => json!({"access_token": token, "expires_in": life}),
            Err(code) => {
                let asked = format!("{} {}", request.target, String::from_utf8_lossy(&request.body));
                json!({"errcode": code, "errmsg": self.errmsg.replace("{}", &asked)})
            }
        };
        Response { status: 200, body: body.to_string().into_bytes(), ..Response::default() }
    }

    fn classic(&mut self, now: u64) -> (String, u64) {
        self.kill(Api::Classic, now + GRACE);
        self.issue(Api::Classic, now)
    }

    fn stable(&mut self, now: u64) -> (String, u64) {
        let margin = 300_000.min(self.life * 1000 / 4);
        match self.newest(Api::Stable).filter(|it| now + margin < it.dies) {
            Some(it) => (it.token.clone(), (it.dies - now) / 1000),
            None => self.issue(Api::Stable, now),
        }
    }

    fn force(&mut self, now: u64) -> Result<(String, u64), i64> {
        let recent = |span: u64| self.forced.iter().filter(|it| now < **it + span).count();
        if recent(30_000) > 0 || recent(DAY) >= 20 {
            self.overdone += 1;
            return Err(45_009);
        }
        self.forced.push(now);
        self.kill(Api::Stable, now);
        Ok(self.issue(Api::Stable, now))
    }

    fn issue(&mut self, api: Api, now: u64) -> (String, u64) {
        let token = format!("{api:?}-{}-{:016x}", self.issued.len() + 1, self.random.next());
        let promised = now + self.life * 1000;
        self.issued.push(Issued { token: token.clone(), api, promised, dies: promised });
        (token, self.life)
    }
}

/// The AppSecret in a request, and whether it forces.
pub(super) fn credentials(request: &Request) -> (String, bool) {
    if request.method == Method::Get {
        let query = request.target.strip_prefix("/cgi-bin/token?").expect("the path of a classic token");
        return (parameter(query, "secret").unwrap().unwrap(), false);
    }
    assert_eq!(request.target, "/cgi-bin/stable_token");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    (body["secret"].as_str().unwrap().into(), body["force_refresh"] == true)
}
