//! What the registry said a moment ago of registered apps: plain data of this thread or isolate.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::time::Duration;

use crate::host::Time;
use crate::keeper::registration::Registration;
use crate::limits;

/// See above. What there is not is remembered too.
#[derive(Debug, Default)]
pub struct Apps(RefCell<BTreeMap<String, Told>>);

/// What was said, and when.
type Told = (Option<Rc<Registration>>, Time);

impl Apps {
    /// What was said of `name` within `span`.
    pub(super) fn fresh(&self, name: &str, now: Time, span: Duration) -> Option<Option<Rc<Registration>>> {
        let apps = self.0.borrow();
        let (app, told) = apps.get(name)?;
        let over = app.as_ref().and_then(|it| it.expires).is_some_and(|it| it <= now);
        (*told <= now && now < told.plus(span) && !over).then(|| app.clone())
    }

    /// Remembers it.
    pub(super) fn keep(&self, name: &str, app: Option<Rc<Registration>>, now: Time) {
        let mut apps = self.0.borrow_mut();
        if apps.len() >= limits::APP_COPIES {
            apps.clear();
        }
        apps.insert(name.into(), (app, now));
    }

    /// Forgets it: it has been changed from here.
    pub(super) fn forget(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }
}
