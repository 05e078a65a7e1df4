//! Things that are known by a random name, such as codes. The oldest are forgotten when there are too many.

use std::collections::{HashMap, VecDeque};

/// Things remembered.
const REMEMBERED: usize = 100_000;

#[derive(Debug)]
pub(super) struct Book<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Book<T> {
    pub(super) fn enter(&mut self, name: &str, entry: T) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.order.push_back(name.to_owned());
        self.entries.insert(name.to_owned(), entry);
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.entries.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.entries.get_mut(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut book = Book::default();
        for number in 0..=REMEMBERED {
            book.enter(&number.to_string(), number);
        }
        assert_eq!(
            (book.get("0"), book.get("1"), book.get(&REMEMBERED.to_string())),
            (None, Some(&1), Some(&REMEMBERED))
        );
    }
}
