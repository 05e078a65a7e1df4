//! Futures beside each other. All are polled again at every event, so no waker of their own is needed.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;

use crate::host::{Time, World};

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

/// Futures of which the first in their order is wanted that comes to something, but not for ever.
pub struct Race<T> {
    /// `None` once it has ended.
    runners: Vec<Option<Pin<Box<dyn Future<Output = T>>>>>,
}

/// The best that a race has come to so far.
struct Lead<R> {
    place: usize,
    result: R,
    /// Until when it waits for those before it.
    until: Time,
}

impl<T> Race<T> {
    /// A race of these, which begins when it is waited for.
    pub fn new(runners: impl IntoIterator<Item = Pin<Box<dyn Future<Output = T>>>>) -> Self {
        Self { runners: runners.into_iter().map(Some).collect() }
    }

    /// The result of the first in their order of which `judge` makes one, decided as soon as all before it have ended in
    /// nothing, or `grace` after the first result of any came, or at the `deadline`; `None` if there is none by then.
    pub async fn first<W: World, R>(
        &mut self,
        world: &W,
        grace: Duration,
        deadline: Time,
        mut judge: impl FnMut(T) -> Option<R>,
    ) -> Option<R> {
        let mut lead: Option<Lead<R>> = None;
        let mut alarm = Box::pin(world.sleep(deadline));
        poll_fn(|waking| {
            let had = lead.is_some();
            self.poll(waking, |place, it| {
                let Some(result) = judge(it) else { return };
                let until = lead.as_ref().map_or_else(|| world.now().plus(grace).min(deadline), |it| it.until);
                if lead.as_ref().is_none_or(|it| place < it.place) {
                    lead = Some(Lead { place, result, until });
                }
            });
            if let Some(lead) = lead.as_ref().filter(|_| !had) {
                alarm = Box::pin(world.sleep(lead.until));
            }
            let before = lead.as_ref().map_or(usize::MAX, |it| it.place);
            let waits = self.runners.iter().take(before).any(Option::is_some);
            if waits { alarm.as_mut().poll(waking) } else { Poll::Ready(()) }
        })
        .await;
        lead.map(|it| it.result)
    }

    /// Lets those that are still running come to their end.
    pub async fn rest(mut self) {
        poll_fn(|waking| {
            self.poll(waking, |_, _| ());
            if self.is_over() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Whether all have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.runners.iter().all(Option::is_none)
    }

    fn poll(&mut self, waking: &mut Context<'_>, mut ended: impl FnMut(usize, T)) {
        for (place, runner) in self.runners.iter_mut().enumerate() {
            let Some(running) = runner else { continue };
            if let Poll::Ready(it) = running.as_mut().poll(waking) {
                *runner = None;
                ended(place, it);
            }
        }
    }
}
