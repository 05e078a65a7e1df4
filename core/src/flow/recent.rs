//! What WeChat said a moment ago, as far as this thread or isolate knows.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use core::cell::RefCell;

use crate::host::Time;
use crate::keeper::table::Digest;
use crate::limits;

/// Texts by digest, each believed for [`limits::RECENT`].
#[derive(Debug, Default)]
pub struct Recent(RefCell<BTreeMap<Digest, (Rc<str>, Time)>>);

impl Recent {
    /// What is known.
    pub(super) fn get(&self, id: &Digest, now: Time) -> Option<Rc<str>> {
        let all = self.0.borrow();
        let (known, told) = all.get(id)?;
        (*told <= now && now < told.plus(limits::RECENT)).then(|| known.clone())
    }

    /// Remembers it. There is room for [`limits::RECENTS`].
    pub(super) fn keep(&self, id: Digest, it: Rc<str>, now: Time) {
        let mut all = self.0.borrow_mut();
        if all.len() >= limits::RECENTS {
            all.retain(|_, it| it.1 <= now && now < it.1.plus(limits::RECENT));
        }
        if all.len() >= limits::RECENTS {
            all.pop_first();
        }
        all.insert(id, (it, now));
    }
}
