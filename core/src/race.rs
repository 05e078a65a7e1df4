//! Futures beside each other. All are polled again at every event, so no waker of their own is needed.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use crate::host::World;

/// What `future` gives within `span`; `None` after it. The future is dropped then.
pub async fn within<W: World, T>(world: &W, span: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut alarm = pin!(world.sleep(world.now().plus(span)));
    let mut future = pin!(future);
    poll_fn(|waking| match future.as_mut().poll(waking) {
        Poll::Ready(it) => Poll::Ready(Some(it)),
        Poll::Pending => alarm.as_mut().poll(waking).map(|()| None),
    })
    .await
}

/// What all of `futures` give, in their order; they run at once.
pub async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = futures.map(|it| (Box::pin(it), None)).collect();
    poll_fn(|waking| {
        let mut waits = false;
        for (future, done) in all.iter_mut().filter(|it| it.1.is_none()) {
            match future.as_mut().poll(waking) {
                Poll::Ready(it) => *done = Some(it),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    all.into_iter().filter_map(|it| it.1).collect()
}
