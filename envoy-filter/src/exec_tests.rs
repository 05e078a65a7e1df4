#![allow(clippy::arithmetic_side_effects)] // small numbers of our own

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::*;

/// What the tasks did, in order.
type Log = Rc<RefCell<Vec<String>>>;

fn say(log: &Log, text: &str) {
    log.borrow_mut().push(text.into());
}

/// Sleeps as the host does, with the clock in a cell.
async fn sleep(exec: Rc<Exec>, now: Rc<Cell<u64>>, until: u64) {
    poll_fn(move |_| {
        if until <= now.get() {
            return Poll::Ready(());
        }
        exec.alarm(Time::from_ms(until));
        Poll::Pending
    })
    .await;
}

/// Calls as the host does: starts at the first poll, gives its place free when it is dropped.
struct Call(Rc<Exec>, u32, bool);

impl Future for Call {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        if !self.2 {
            self.0.called(self.1);
            self.2 = true;
        }
        self.0.take_reply(self.1).map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.forget(self.1);
    }
}

fn ok(status: u16) -> Reply {
    Ok(Response { status, ..Response::default() })
}

#[test]
fn a_task_that_needs_nothing_ends_at_its_first_poll() {
    let (exec, log) = (Exec::default(), Log::default());
    let task = exec.spawn({
        let log = log.clone();
        async move { say(&log, "done") }
    });
    assert_eq!((exec.len(), log.borrow().len()), (1, 0));
    exec.poll(task);
    assert_eq!((exec.len(), log.borrow().len()), (0, 1));
    exec.poll(task);
    exec.mark(task);
    exec.run();
    assert_eq!(log.borrow().len(), 1);
}

#[test]
fn a_reply_resumes_the_task_that_waits_for_it() {
    let (exec, log) = (Rc::new(Exec::default()), Log::default());
    for token in [4, 8] {
        let (exec2, log) = (exec.clone(), log.clone());
        let task = exec.spawn(async move {
            let status = Call(exec2, token, false).await.map(|it| it.status);
            say(&log, &format!("{token}: {status:?}"));
        });
        exec.poll(task);
    }
    assert_eq!(exec.calls(), 2);
    exec.reply(8, ok(200));
    exec.run();
    assert_eq!(*log.borrow(), ["8: Ok(200)"]);
    exec.reply(4, Err(Unreachable::Broken));
    exec.run();
    assert_eq!(*log.borrow(), ["8: Ok(200)", "4: Err(Broken)"]);
    assert_eq!((exec.len(), exec.calls()), (0, 0));
}

#[test]
fn a_reply_that_nobody_waits_for_is_ignored() {
    let exec = Rc::new(Exec::default());
    exec.reply(4, ok(200));
    let call = Call(exec.clone(), 8, false);
    let task = exec.spawn(async move { drop(call) });
    exec.poll(task);
    exec.reply(8, ok(200));
    assert!(!exec.any_ready());
}

#[test]
fn a_call_belongs_to_the_task_that_polled_it_last() {
    let (exec, log) = (Rc::new(Exec::default()), Log::default());
    let (exec2, log2) = (exec.clone(), log.clone());
    let first = exec.spawn(async move {
        let mut call = Box::pin(Call(exec2.clone(), 4, false));
        let polled = poll_fn(|it| Poll::Ready(call.as_mut().poll(it))).await;
        assert!(polled.is_pending());
        // Handed on while it is in flight.
        let second = exec2.spawn(async move {
            let status = call.await.map(|it| it.status);
            say(&log2, &format!("second: {status:?}"));
        });
        exec2.mark(second);
    });
    exec.poll(first);
    exec.run();
    assert_eq!(exec.len(), 1);
    exec.reply(4, ok(204));
    exec.run();
    assert_eq!(*log.borrow(), ["second: Ok(204)"]);
}

#[test]
fn alarms_ring_in_their_order_and_not_before() {
    let (exec, log, now) = (Rc::new(Exec::default()), Log::default(), Rc::new(Cell::new(0)));
    for until in [300, 100, 200] {
        let (exec2, log, now) = (exec.clone(), log.clone(), now.clone());
        let task = exec.spawn(async move {
            sleep(exec2, now, until).await;
            say(&log, &until.to_string());
        });
        exec.poll(task);
    }
    for (tick, next, done) in [(100, Some(200), 1), (250, Some(300), 2), (300, None, 3)] {
        now.set(tick);
        exec.ring(Time::from_ms(tick));
        exec.run();
        assert_eq!((exec.next_alarm(), log.borrow().len()), (next.map(Time::from_ms), done), "at {tick}");
    }
    assert_eq!(*log.borrow(), ["100", "200", "300"]);
}

#[test]
fn a_tick_with_nothing_due_lets_everybody_look_at_the_clock_again() {
    let (exec, log, now) = (Rc::new(Exec::default()), Log::default(), Rc::new(Cell::new(1_000)));
    let (exec2, log2, now2) = (exec.clone(), log.clone(), now.clone());
    let task = exec.spawn(async move {
        for (said, span) in [("first", 100), ("second", 100)] {
            // As a caller does whose wait may end early: from here, and never beyond its patience.
            let until = now2.get() + span;
            poll_fn(|_| {
                if until <= now2.get() || now2.get() < until - span {
                    return Poll::Ready(());
                }
                exec2.alarm(Time::from_ms(until));
                Poll::Pending
            })
            .await;
            say(&log2, said);
        }
    });
    exec.poll(task);
    now.set(10);
    exec.ring(Time::from_ms(10));
    exec.run();
    assert_eq!((log.borrow().len(), exec.next_alarm()), (1, Some(Time::from_ms(110))));
    now.set(110);
    exec.ring(Time::from_ms(110));
    exec.run();
    assert_eq!(*log.borrow(), ["first", "second"]);
}

#[test]
fn an_alarm_that_is_set_again_rings_once() {
    let (exec, now) = (Rc::new(Exec::default()), Rc::new(Cell::new(0)));
    let task = exec.spawn(sleep(exec.clone(), now.clone(), 100));
    for _ in 0..5 {
        exec.poll(task);
    }
    assert_eq!(exec.alarms.borrow().len(), 1);
    now.set(100);
    exec.ring(Time::from_ms(100));
    exec.run();
    assert_eq!((exec.len(), exec.next_alarm()), (0, None));
}

#[test]
fn the_number_of_a_task_that_has_ended_means_nobody() {
    let (exec, now) = (Rc::new(Exec::default()), Rc::new(Cell::new(0)));
    let first = exec.spawn(async {});
    exec.poll(first);
    // In the same place.
    let second = exec.spawn(sleep(exec.clone(), now.clone(), 100));
    assert_eq!((place(first), exec.len()), (place(second), 1));
    exec.mark(first);
    exec.poll(first);
    assert!(!exec.any_ready() && exec.next_alarm().is_none());
    exec.poll(second);
    assert_eq!(exec.next_alarm(), Some(Time::from_ms(100)));
}

#[test]
fn places_are_used_again() {
    let exec = Exec::default();
    for round in 0..1_000 {
        let tasks: Vec<Id> = (0..3).map(|_| exec.spawn(async {})).collect();
        tasks.iter().rev().for_each(|it| exec.mark(*it));
        exec.run();
        assert_eq!((exec.len(), exec.slots.borrow().len(), exec.any_ready()), (0, 3, false), "round {round}");
    }
}

#[test]
fn a_task_may_start_and_mark_others_while_it_runs() {
    let (exec, log) = (Rc::new(Exec::default()), Log::default());
    let (exec2, log2) = (exec.clone(), log.clone());
    let outer = exec.spawn(async move {
        for n in 0..3 {
            let log = log2.clone();
            let inner = exec2.spawn(async move { say(&log, &n.to_string()) });
            exec2.mark(inner);
        }
        // Its own mark, while it is being polled, must do no harm.
        exec2.mark(exec2.current());
    });
    exec.mark(outer);
    exec.run();
    assert_eq!((log.borrow().len(), exec.len(), exec.any_ready()), (3, 0, false));
}

#[test]
fn a_root_that_goes_takes_its_tasks_along() {
    let exec = Rc::new(Exec::default());
    let task = exec.spawn({
        let exec = exec.clone();
        async move { drop(Call(exec, 4, false).await) }
    });
    exec.poll(task);
    exec.clear();
    assert_eq!((exec.len(), exec.calls(), Rc::strong_count(&exec)), (0, 0, 1));
}
