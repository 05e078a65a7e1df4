//! A timeout. `worker::Delay` keeps the waker of its first poll for ever, so it never ends once it was moved into another task;
//! this one wakes whoever polled it last.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use worker::js_sys;
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::prelude::Closure;
use worker::web_sys::WorkerGlobalScope;

/// The longest timeout, in ms; a longer one is cut and its owner looks at the clock again.
const MOST: i32 = 3_600_000;

/// Ends once, some time after its first poll.
pub(crate) struct Timer {
    span: Duration,
    shared: Rc<Shared>,
    running: Option<(i32, Closure<dyn FnMut()>)>,
}

#[derive(Default)]
struct Shared {
    over: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Timer {
    pub(crate) fn after(span: Duration) -> Self {
        Self { span, shared: Rc::default(), running: None }
    }
}

fn global() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.over.get() {
            return Poll::Ready(());
        }
        self.shared.waker.replace(Some(context.waker().clone()));
        if self.running.is_some() {
            return Poll::Pending;
        }
        let shared = self.shared.clone();
        let ring = Closure::<dyn FnMut()>::new(move || {
            shared.over.set(true);
            if let Some(waker) = shared.waker.take() {
                waker.wake();
            }
        });
        let span = i32::try_from(self.span.as_millis()).unwrap_or(MOST).min(MOST);
        let handler = ring.as_ref().unchecked_ref();
        match global().set_timeout_with_callback_and_timeout_and_arguments_0(handler, span) {
            Ok(id) => self.running = Some((id, ring)),
            // No timers here: better too early than never.
            Err(_) => return Poll::Ready(()),
        }
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((id, _)) = self.running.take() {
            global().clear_timeout_with_handle(id);
        }
    }
}
