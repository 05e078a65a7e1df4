//! A future with a deadline. Both sides are polled again at every event, so no waker is needed.

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
