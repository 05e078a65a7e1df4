//! WeChat as the one that calls: it pushes messages and events to a gateway and shows what the user would see of the answer.
//!
//! [`Push`] is what is said and by which [`Account`]; [`Push::seal`] is one request of it, signed and encrypted as that account is set
//! up. [`deliver`] sends it on WeChat's [`Schedule`] and [`judge`]s the answers by WeChat's rules; [`check`] is the URL check that an
//! operator starts with a click. Nothing here is shared with the gateway, neither its cipher nor its readers: it is judged by them.
//!
//! Sources: the pages on message push and on passive replies of the official accounts' and mini programs' documentation; WeCom's
//! on callbacks.

mod account;
pub mod crypto;
mod http;
mod judge;
mod message;
mod outcome;
mod read;
mod reply;
mod schedule;
mod seal;
pub mod templates;
mod tree;
mod url_check;

pub use account::{Account, Format, Kind, Mode};
pub use http::{Response, Target};
pub use judge::{Verdict, judge};
pub use message::Push;
pub use outcome::{Attempt, Checked, Outcome, Reply, Shown};
pub use read::read;
pub use schedule::{Schedule, check, deliver};
pub use seal::Sealed;
pub use tree::Value;
pub use url_check::UrlCheck;
