//! Known answers: what a published sample says, held against the core's public functions.
//!
//! A file is a list of `{name, kind, input, expected, source}`. Each family of kinds has a file here; `judge` asks them in turn,
//! so a kind more is a line more.

mod callback;
mod jssdk;
mod wxa;

use serde::Deserialize;
use serde_json::Value;

/// One known answer.
#[derive(Debug, Deserialize)]
pub struct Vector {
    /// Its name, as it is printed.
    pub name: String,
    /// What is computed.
    pub kind: String,
    /// Of what.
    pub input: Value,
    /// What comes out of it.
    pub expected: Value,
}

/// What a check says: nothing, or what is wrong.
pub type Check = Result<(), String>;

/// How many answers were right, wrong, and of a kind that nobody knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Right.
    pub passed: usize,
    /// Wrong: its name and kind, and what is wrong.
    pub failed: Vec<String>,
    /// Of an unknown kind.
    pub unknown: usize,
}

/// Checks every answer in `text`.
///
/// # Errors
/// Why it is no such file.
pub fn run(text: &str) -> Result<Tally, String> {
    let vectors: Vec<Vector> = serde_json::from_str(text).map_err(|it| it.to_string())?;
    let mut tally = Tally::default();
    for vector in &vectors {
        match judge(vector) {
            None => tally.unknown += 1,
            Some(Ok(())) => tally.passed += 1,
            Some(Err(why)) => tally.failed.push(format!("{} ({}): {why}", vector.name, vector.kind)),
        }
    }
    Ok(tally)
}

/// Checks one answer; `None` if nobody knows its kind.
fn judge(vector: &Vector) -> Option<Check> {
    callback::judge(vector).or_else(|| jssdk::judge(vector)).or_else(|| wxa::judge(vector))
}

impl Vector {
    /// The text that stands at `name` in the input; a number is taken for its digits.
    fn text(&self, name: &str) -> Result<String, String> {
        text(self.input.get(name)).ok_or_else(|| format!("its input has no text {name}"))
    }

    /// The list of texts that stands there.
    fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let items = self.input.get(name).and_then(Value::as_array);
        items
            .and_then(|it| it.iter().map(|it| text(Some(it))).collect())
            .ok_or_else(|| format!("its input has no list {name}"))
    }

    /// That `found` is what is expected.
    fn is(&self, found: &str) -> Check {
        match text(Some(&self.expected)) {
            Some(expected) if expected == found => Ok(()),
            _ => Err(format!("expected {}, found {found:?}", self.expected)),
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(it) => Some(it.clone()),
        Value::Number(it) => Some(it.to_string()),
        _ => None,
    }
}
