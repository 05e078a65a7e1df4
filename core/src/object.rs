//! JSON objects from outside.

use serde::Deserialize;

/// Reads an object. serde would also take a list of the fields' values, in their order: nobody means that.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Option<T> {
    let is_object = text.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Pair {
        one: u8,
        other: u8,
    }

    #[test]
    fn a_list_is_no_object() {
        assert_eq!(read(b" \n{\"other\":2,\"one\":1}"), Some(Pair { one: 1, other: 2 }));
        assert_eq!(read::<Pair>(b"[1,2]"), None);
        assert_eq!(read::<Pair>(b"{\"one\":1}"), None);
        assert_eq!(read::<Pair>(b""), None);
    }
}
