//! Every limit, by name.

use core::time::Duration;

use crate::caller::rate::Limit;
use crate::keeper::table::Shape;

/// A request body that a flow reads as a whole, in bytes.
pub const BODY: usize = 256 * 1024;

/// JSON that is read as a whole and not of the configuration, in bytes: it takes up to twenty times that room.
pub const JSON: usize = 256 * 1024;

/// How deeply JSON of anybody's may be nested.
pub const JSON_DEPTH: usize = 64;

/// How deeply XML may be nested. WeChat's own goes five deep.
pub const XML_DEPTH: usize = 32;

/// How many elements an XML document may have. WeChat's longest hold some hundreds.
pub const XML_ELEMENTS: usize = 2_048;

/// A body that holds nothing but an AppID and an AppSecret, in bytes.
pub const CREDENTIALS: usize = 8 * 1024;

/// How long a body may take to arrive: a client that sends it drop by drop holds a task all that time.
pub const BODY_TIME: Duration = Duration::from_secs(5);

/// An API key's least length, in bytes: shorter ones can be guessed.
pub const API_KEY_MIN: usize = 16;

/// One call to WeChat for a token. Shorter than [`LEASE`], so that a slow answer still finds its lease.
pub const FETCH: Duration = Duration::from_secs(5);

/// How long a claimed refresh keeps others away. A refresher that died is replaced after this time.
pub const LEASE: Duration = Duration::from_secs(6);

/// How long a caller waits for a credential before it is told that there is none.
/// Two leases and a little: whoever meets a dead refresher still gets the next one's token.
pub const PATIENCE: Duration = Duration::from_secs(13);

/// The longest token, in bytes. WeChat asks for room for 512.
pub const TOKEN: usize = 4096;

/// The longest life that is believed, in seconds. WeChat gives 7 200.
pub const LIFE: u64 = 86_400;

/// The longest error text of WeChat's that is passed on, in characters.
pub const ERRMSG: usize = 300;

/// `force_refresh` at most so often a day …
pub const FORCE_PER_DAY: usize = 20;

/// … and so far apart: WeChat's own limits of `stable_token`.
pub const FORCE_GAP: Duration = Duration::from_secs(30);

/// Callers that wait for one cell on one thread are unbounded, but threads that watch one cell are not.
pub const WATCHERS: usize = 255;

/// Tasks that one Envoy worker thread runs at once.
pub const TASKS: usize = 10_000;

/// Writers that one writer gives way to, one after the other, before it gives up.
pub const CONFLICTS: u32 = 100;

/// How long an isolate of a Worker believes what its keeper told it.
pub const COPY: Duration = Duration::from_secs(10);

/// How long a look into the replica may take before the keeper is asked.
pub const REPLICA: Duration = Duration::from_millis(500);

/// How long a host may answer looks into the replica from a cache of its own. Workers KV takes no less.
pub const REPLICA_CACHE: Duration = Duration::from_secs(30);

/// How long a copy in the replica may be out of date: a minute until a write is seen everywhere, and [`REPLICA_CACHE`].
pub const REPLICA_LAG: Duration = Duration::from_secs(90);

/// A copy in the replica lives for at least so long. Workers KV takes no less.
pub const REPLICA_TTL: Duration = Duration::from_secs(60);

/// The longest JWT that is read, in bytes.
pub const JWT: usize = 4096;

/// Of two threads that read the clock, the one that read it first may be the last to write: so much later than it should may a
/// claim end. Only what is beyond that is the mark of a clock that ran backwards.
pub const SKEW: Duration = Duration::from_secs(1);

/// What was found out by a claim is remembered for so long at the most.
pub const REMEMBERED: Duration = Duration::from_secs(3_600);

/// Apps that are registered at runtime: two thousand if their names were spread evenly, a thousand and more as they are spread.
pub const APPS: Shape = Shape { name: "registry/app", slots: 64, ways: 32, evicts: false };

/// Accounts that no configuration names and that were proved: as many.
pub const ACCOUNTS: Shape = Shape { name: "registry/account", slots: 64, ways: 32, evicts: false };

/// AppSecrets that are being proved, or were a moment ago.
pub const PROOFS: Shape = Shape { name: "registry/proof", slots: 64, ways: 8, evicts: true };

/// How often which account's AppSecrets were proved.
pub const RATES: Shape = Shape { name: "registry/rate", slots: 64, ways: 32, evicts: true };

/// Access tokens that a caller may bring back.
pub const TOKENS: Shape = Shape { name: "registry/token", slots: 256, ways: 16, evicts: true };

/// How often WeChat is asked whether an AppSecret is right, of each account that is known.
pub const PROOF_RATE: Limit = Limit::per_minute(10);

/// The same of all accounts that are not known, together.
pub const STRANGERS_RATE: Limit = Limit::per_minute(60);

/// How often an isolate of a Worker asks the registry for strangers, who have proved nothing yet.
pub const STRANGERS: Limit = Limit::per_minute(6_000);

/// How long an account is served that no configuration names, until it is proved anew: 30 days.
pub const ADMITTED: Duration = Duration::from_secs(2_592_000);

/// How long a proof that succeeded is remembered: until all who wait for it have seen it.
pub const PROVED: Duration = Duration::from_secs(10);

/// The longest AppID of an account that is not configured, in bytes. WeChat's have 18.
pub const APPID: usize = 64;

/// The longest name of a registered app, in bytes.
pub const APP_NAME: usize = 128;

/// The longest value of a field of a registration, in bytes, and how many `call`s it may have.
pub const FIELD: usize = 512;

/// See [`FIELD`].
pub const CALLS: usize = 16;

/// How many registered apps an isolate of a Worker remembers for [`COPY`].
pub const APP_COPIES: usize = 1_024;

/// The longest life of a registration, in seconds: ten years.
pub const EXPIRES: u64 = 315_360_000;

/// How long one answer of a back-end may take, where the configuration does not say.
pub const BACKEND: Duration = Duration::from_secs(3);

/// The longest time that the configuration may say.
pub const BACKEND_MOST: Duration = Duration::from_secs(30);

/// A hook that was not taken is tried again after these pauses, and then no more.
pub const HOOK_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Refreshes that one thread or isolate is telling hooks of. One more is not told.
pub const DELIVERIES: usize = 256;

/// Apps that may share an account where hooks are configured: each of them is told of each refresh.
pub const HOOKED: usize = 16;

/// A push of WeChat's is answered within this time, where the configuration does not say: WeChat waits for 5 s.
pub const DEADLINE: Duration = Duration::from_millis(4_500);

/// The shortest and the longest time that the configuration may say.
pub const DEADLINE_LEAST: Duration = Duration::from_millis(100);

/// See above.
pub const DEADLINE_MOST: Duration = Duration::from_millis(4_900);

/// Back-ends that one push may go to.
pub const TARGETS: usize = 8;

/// Apps whose messages may come to one host: each is tried with whatever a stranger sends.
pub const HOSTED: usize = 16;

/// How long a usable answer waits for those that come before it in the list.
pub const ORDER_GRACE: Duration = Duration::from_millis(200);

/// Failures in a row after which a back-end is taken to be down …
pub const FAILURES: u32 = 5;

/// … and how long it is left alone then.
pub const PAUSE: Duration = Duration::from_secs(30);

/// Calls to one back-end that one thread or isolate has under way at once.
pub const CALLS_AT_ONCE: usize = 2_000;

/// Back-ends without a name of which it is known whether they are down.
pub const BREAKERS: usize = 256;

/// Pushes that are under way, or were a moment ago: of an account on a Worker, of all accounts on Envoy.
pub const PUSHES: Shape = Shape { name: "push", slots: 2_048, ways: 4, evicts: true };

/// How long it is remembered what a push was answered with. WeChat repeats it within 15 s, but whoever has caught one can send it
/// again, to back-ends of his choice, as long as its timestamp is taken. Under load a cell drops its oldest rows before.
pub const PUSH_MEMORY: Duration = Duration::from_secs(300);

/// The longest reply to a push that is remembered, in bytes.
pub const REPLY: usize = 4 * 1024;

/// How long the memory of pushes may take to answer, before a push is handled without it.
pub const CLAIM: Duration = Duration::from_secs(1);

/// How long it may take to ask WeChat who wrote.
pub const USER: Duration = Duration::from_millis(1_500);

/// How long what WeChat said a moment ago is believed.
pub const RECENT: Duration = Duration::from_secs(60);

/// Answers that are remembered so, on one thread or isolate.
pub const RECENTS: usize = 1_024;

/// Codes that are being exchanged, or were a moment ago.
pub const CODES: Shape = Shape { name: "code", slots: 256, ways: 8, evicts: true };

/// How often strangers, on one thread or isolate, have codes exchanged that may be none.
pub const CODES_RATE: Limit = Limit::per_minute(6_000);

/// The longest code, in bytes: WeChat's have 32 to some hundreds.
pub const CODE: usize = 512;

/// How long a failure to exchange one is remembered: for those who wait already, not for those who try again.
pub const CODE_FAILURE: Duration = Duration::from_secs(2);

/// How long it is remembered what WeChat said to a code: browsers ask twice.
pub const CODE_MEMORY: Duration = Duration::from_secs(60);

/// The longest answer to a code that is believed, in bytes: WeChat's have some hundreds.
pub const SAID: usize = 8 * 1024;

/// One-time tickets of logins …
pub const LOGIN_TICKETS: Shape = Shape { name: "ticket", slots: 256, ways: 8, evicts: true };

/// … and how long one may be swapped.
pub const LOGIN_TICKET: Duration = Duration::from_secs(60);

/// Session keys of a mini program's users …
pub const SESSIONS: Shape = Shape { name: "session", slots: 1_024, ways: 8, evicts: true };

/// … and how long one is kept: WeChat says of none how long it lives; three days are what it does mostly.
pub const SESSION: Duration = Duration::from_secs(259_200);

/// How long a user may take to log in.
pub const LOGIN: Duration = Duration::from_secs(600);

/// One call to WeChat's API for a browser or a back-end that waits.
pub const API: Duration = Duration::from_secs(5);

/// The longest URL of a page that is signed, in bytes.
pub const PAGE: usize = 4_096;

/// How long a signed link may last: 30 days …
pub const LINK: Duration = Duration::from_secs(2_592_000);

/// … and how long it lasts if nobody says.
pub const LINK_SPAN: u64 = 600;

/// What is to be signed, and the JSON around it, in bytes.
pub const LINK_BODY: usize = 16 * 1024;

/// What an echo gives back, in bytes.
pub const ECHO: usize = 64 * 1024;

/// The width of a QR code in pixels, if nobody says, and at most.
pub const QR: usize = 256;

/// See above.
pub const QR_MOST: usize = 2_048;
