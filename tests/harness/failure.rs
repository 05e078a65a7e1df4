//! Why something could not be started or reached, in words that tell what to do.

use std::fmt;

/// What went wrong. `Debug` reads like `Display`, so that an `unwrap` in a scenario prints sentences.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(String);

/// What the harness returns where a test may want to look at the failure.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure in one's own words.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// Turns any error into a failure that also says what was being done.
    pub fn of<E: fmt::Display>(doing: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |why| Self(format!("{doing}: {why}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}
