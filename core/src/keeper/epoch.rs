//! Which of the configurations that share a store is the newest: for a host that runs two of them while one replaces the other.

use alloc::vec::Vec;

use crate::host::{Key, Store};
use crate::limits;

/// The name of the cell.
pub const EPOCH: &str = "epoch";

/// The number of the configuration that `mark` tells from others. Whoever has the same one, on whichever thread, gets the same
/// number; one that nobody had before gets the next.
pub fn epoch<S: Store>(store: &S, mark: &[u8]) -> u64 {
    let key = Key::new(EPOCH);
    let mut next = 0;
    for _ in 0..limits::CONFLICTS {
        let (cell, seen) = store.load(&key);
        let (number, known) = cell.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let number = u64::from_le_bytes(*number);
        if known == mark {
            return number;
        }
        next = number.saturating_add(1);
        let cell: Vec<u8> = next.to_le_bytes().iter().chain(mark).copied().collect();
        if store.swap(&key, seen, &cell) {
            return next;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use alloc::rc::Rc;
    use core::cell::RefCell;

    use super::*;
    use crate::host::{Time, Version};

    #[derive(Clone, Default)]
    struct One(Rc<RefCell<(Vec<u8>, u64)>>);

    impl Store for One {
        fn load(&self, _: &Key) -> (Vec<u8>, Version) {
            let cell = self.0.borrow();
            (cell.0.clone(), Version(cell.1))
        }

        fn swap(&self, _: &Key, seen: Version, value: &[u8]) -> bool {
            let mut cell = self.0.borrow_mut();
            let fits = cell.1 == seen.0;
            if fits {
                *cell = (value.to_vec(), seen.0.wrapping_add(1));
            }
            fits
        }

        async fn changed(&self, _: &Key, _: Version, _: Time) {}
    }

    #[test]
    fn each_new_configuration_gets_the_next_number_and_each_thread_of_it_the_same() {
        let store = One::default();
        let numbers = [&b"one"[..], b"one", b"two", b"two", b"one", b""].map(|mark| epoch(&store, mark));
        assert_eq!(numbers, [1, 1, 2, 2, 3, 4]);
    }
}
