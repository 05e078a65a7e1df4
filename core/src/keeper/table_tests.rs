use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::ToString;
use core::cell::RefCell;
use core::time::Duration;

use super::*;

/// Cells as they are on Envoy: one that nobody wrote has a version that no written one has.
#[derive(Clone, Default)]
struct Cells(Rc<RefCell<BTreeMap<Key, Cell>>>);

/// A value and its version.
type Cell = (Vec<u8>, u64);

impl Store for Cells {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        let cells = self.0.borrow();
        cells.get(key).map_or((Vec::new(), Version(u64::MAX)), |it| (it.0.clone(), Version(it.1)))
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let fits = self.load(key).1 == seen;
        if fits {
            let version = if seen.0 == u64::MAX { 0 } else { seen.0.saturating_add(1) };
            self.0.borrow_mut().insert(key.clone(), (value.to_vec(), version));
        }
        fits
    }

    async fn changed(&self, _: &Key, _: Version, _: Time) {}
}

const SMALL: Shape = Shape { name: "small", slots: 1, ways: 2, evicts: false };
const EVICTING: Shape = Shape { name: "evicting", slots: 1, ways: 2, evicts: true };
const SPREAD: Shape = Shape { name: "spread", slots: 64, ways: 8, evicts: false };

fn at(second: u64) -> Time {
    Time::from_ms(second.saturating_mul(1000))
}

fn id(name: &str) -> Digest {
    digest(&[name])
}

#[test]
fn a_value_is_there_until_its_end() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    table.put(&id("a"), at(0), b"1", at(10)).unwrap();
    table.put(&id("b"), at(0), b"", at(20)).unwrap();
    assert_eq!(table.get(&id("a"), at(9)), Some(b"1".to_vec()));
    assert_eq!(table.get(&id("a"), at(10)), None);
    assert_eq!(table.get(&id("b"), at(10)), Some(Vec::new()));
    assert_eq!(table.get(&id("c"), at(0)), None);
}

#[test]
fn a_value_is_changed_and_forgotten() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    table.put(&id("a"), at(0), b"1", at(10)).unwrap();
    let longer = |old: Option<(&[u8], Time)>| Ok(Some(([old.unwrap().0, b"2"].concat(), at(30))));
    table.update(&id("a"), at(5), longer).unwrap();
    assert_eq!(table.get(&id("a"), at(20)), Some(b"12".to_vec()));
    table.update(&id("a"), at(5), |_| Ok(None)).unwrap();
    assert_eq!(table.get(&id("a"), at(5)), None);
    let refused = table.update(&id("a"), at(5), |_| Err(full()));
    assert_eq!(refused, Err(full()));
}

#[test]
fn where_there_is_no_room_nothing_that_lives_is_lost() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    table.put(&id("a"), at(0), b"1", at(10)).unwrap();
    table.put(&id("b"), at(0), b"2", at(20)).unwrap();
    assert_eq!(table.put(&id("c"), at(5), b"3", at(30)), Err(full()));
    assert_eq!(table.get(&id("a"), at(5)), Some(b"1".to_vec()));
    table.put(&id("a"), at(5), b"again", at(10)).unwrap();
    table.put(&id("c"), at(10), b"3", at(30)).unwrap();
    assert_eq!(table.get(&id("c"), at(10)), Some(b"3".to_vec()));
}

#[test]
fn where_rows_may_go_the_one_nearest_its_end_does_but_none_that_somebody_is_at() {
    let cells = Cells::default();
    let table = Table::new(&cells, &EVICTING);
    table.put(&id("a"), at(0), b"1", at(20)).unwrap();
    table.put(&id("b"), at(0), b"2", at(10)).unwrap();
    table.put(&id("c"), at(0), b"3", at(30)).unwrap();
    let there = ["a", "b", "c"].map(|it| table.get(&id(it), at(0)).is_some());
    assert_eq!(there, [true, false, true]);
    let claim = |name: &str| table.claim(&id(name), at(0), at(6), || Ok(()));
    assert_eq!(claim("d"), Ok(Claim::Mine));
    assert_eq!(claim("e"), Ok(Claim::Mine));
    assert_eq!(claim("f"), Err(full()));
}

#[test]
fn one_claims_and_the_others_wait_for_its_value() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    let claim = |now: u64| table.claim(&id("a"), at(now), at(now.saturating_add(6)), || Ok(()));
    assert_eq!(claim(0), Ok(Claim::Mine));
    assert!(matches!(claim(1), Ok(Claim::Running(_, until)) if until == at(6)));
    table.put(&id("a"), at(2), b"1", at(60)).unwrap();
    assert_eq!(claim(3), Ok(Claim::Done(b"1".to_vec())));
    assert_eq!(claim(60), Ok(Claim::Mine));
    assert_eq!(claim(66), Ok(Claim::Mine), "the claimant has died");
}

#[test]
fn what_is_not_permitted_leaves_no_trace() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    assert_eq!(table.claim(&id("a"), at(0), at(6), || Err(full())), Err(full()));
    assert!(cells.0.borrow().is_empty());
}

#[test]
fn a_clock_that_ran_backwards_keeps_nobody_waiting() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    let claim = |now: u64| table.claim(&id("a"), at(now), at(now.saturating_add(6)), || Ok(()));
    assert_eq!(claim(100_000), Ok(Claim::Mine));
    assert_eq!(claim(5), Ok(Claim::Mine));
    table.put(&id("a"), at(100_000), b"1", at(100_060)).unwrap();
    assert_eq!(claim(5), Ok(Claim::Mine));
}

#[test]
fn rows_are_spread_over_the_cells_and_no_more_cells_than_these_come_into_being() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SPREAD);
    let stored = (0..4_000).filter(|it| table.put(&id(&it.to_string()), at(0), b"", at(10)).is_ok()).count();
    assert_eq!(cells.0.borrow().len(), 64);
    assert_eq!(stored, 512);
}

#[test]
fn a_cell_of_another_version_or_a_broken_one_is_left_alone() {
    for broken in [&b"\x02anything"[..], b"\x01short", &[1; 30]] {
        let cells = Cells::default();
        let table = Table::new(&cells, &SMALL);
        assert!(cells.swap(&table.key(&id("a")), Version(u64::MAX), broken));
        assert_eq!(table.get(&id("a"), at(0)), None);
        assert_eq!(table.put(&id("a"), at(0), b"1", at(10)), Err(full()));
        assert_eq!(cells.load(&table.key(&id("a"))).0, broken);
    }
}

#[test]
fn no_two_lists_of_parts_share_a_digest() {
    assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    assert_ne!(digest(&["a"]), digest(&["a", ""]));
    assert_eq!(digest(&["a", "b"]), digest(&["a", "b"]));
}

#[test]
fn a_lifetime_is_no_overflow() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    let far = Time::from_ms(u64::MAX).plus(Duration::from_secs(1));
    table.put(&id("a"), at(0), b"1", far).unwrap();
    assert_eq!(table.get(&id("a"), at(1_000_000)), Some(b"1".to_vec()));
}

#[test]
fn who_read_the_clock_first_and_comes_last_takes_no_claim_away() {
    let cells = Cells::default();
    let table = Table::new(&cells, &SMALL);
    let claim =
        |now: u64| table.claim(&id("a"), Time::from_ms(now), Time::from_ms(now.saturating_add(6_000)), || Ok(()));
    assert_eq!(claim(10_001), Ok(Claim::Mine));
    assert!(matches!(claim(10_000), Ok(Claim::Running(_, end)) if end == Time::from_ms(16_001)));
    assert_eq!(claim(8_000), Ok(Claim::Mine), "the clock was set back");
}
