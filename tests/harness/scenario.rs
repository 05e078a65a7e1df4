//! One scenario, run on every host.

use std::future::Future;

use super::edge::Edge;
use super::start::{HostKind, Start};

/// What a scenario may ask for: a host with default settings that runs already, or one that it starts itself.
pub trait FromStart: Sized {
    /// Makes it from the default settings.
    fn from_start(start: Start) -> impl Future<Output = Self>;
}

impl FromStart for Start {
    async fn from_start(start: Start) -> Self {
        start
    }
}

impl FromStart for Edge {
    async fn from_start(start: Start) -> Self {
        start.start().await
    }
}

/// Runs a scenario on one host. This is what [`on_every_host!`](crate::on_every_host) calls.
pub fn play<Given: FromStart, Played: Future<Output = ()>>(kind: HostKind, scenario: impl FnOnce(Given) -> Played) {
    block_on(async { scenario(Given::from_start(Start::on(kind)).await).await });
}

/// Runs a test on a runtime of its own, which has as many threads as a small machine has cores.
pub fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap_or_else(|why| panic!("start a runtime: {why}")).block_on(test)
}

/// Makes two tests of each scenario: `<name>::envoy` and `<name>::workerd`, each with processes of its own.
///
/// The parameter is an [`Edge`] (a running host with default settings) or a [`Start`] (still to be started).
///
/// ```text
/// on_every_host! {
///     async fn a_caller_with_a_key_gets_the_token(edge: Edge) {
///         let answer = edge.get("/app/demo/api").bearer(CRM_KEY).await;
///         assert_eq!(answer.status, 200);
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_every_host {
    ($( $(#[$meta:meta])* async fn $name:ident($($given:ident)+ : $kind:ty) $body:block )+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn scenario($($given)+: $kind) $body

            #[test]
            fn envoy() {
                $crate::harness::play($crate::harness::HostKind::Envoy, scenario);
            }

            #[test]
            fn workerd() {
                $crate::harness::play($crate::harness::HostKind::Workerd, scenario);
            }
        }
    )+};
}
