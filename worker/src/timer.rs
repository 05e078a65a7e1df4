//! A timeout. `worker::Delay` keeps the waker of its first poll for ever, so it never ends once it was moved into another task;
//! a promise's future wakes whoever polled it last.

use std::time::Duration;

use worker::js_sys::{Promise, global};
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::WorkerGlobalScope;

/// The longest timeout, in ms; a longer one is cut and its owner looks at the clock again.
const MOST: i32 = 3_600_000;

/// A timeout that is under way. One that nobody waits for any more must not keep an object from hibernating.
struct Running(Option<i32>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            scope().clear_timeout_with_handle(id);
        }
    }
}

fn scope() -> WorkerGlobalScope {
    global().unchecked_into()
}

/// Ends some time after `span`.
pub(crate) async fn after(span: Duration) {
    let span = i32::try_from(span.as_millis()).unwrap_or(MOST).min(MOST);
    let mut running = Running(None);
    let rung = Promise::new(&mut |ring, _| {
        running.0 = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&ring, span).ok();
    });
    // No timers here: better too early than never.
    if running.0.is_some() {
        let _ = JsFuture::from(rung).await;
    }
}
