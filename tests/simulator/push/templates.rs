//! Messages and events by name, with everything in them that their page of WeChat's documentation lists.

use std::sync::LazyLock;

use super::tree::Value;

/// `templates.json`, in its order. A name without a `MsgType` is an event, of that name unless it says `Event`.
static TEMPLATES: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("templates.json");
    serde_json::from_str(text).unwrap_or_else(|why| panic!("templates.json: {why}"))
});

/// The fields of the template of that name that stand behind the ones which all have.
pub fn find(name: &str) -> Option<Value> {
    let own = TEMPLATES.get(name)?;
    if own.get("MsgType").is_some() {
        return Some(own.clone());
    }
    let mut event = self::event(own.get("Event").map_or(name, |_| own.text_at("Event")));
    if let Value::Fields(fields) = own {
        fields.iter().for_each(|(name, it)| event.set(name, it.clone()));
    }
    Some(event)
}

/// An event without fields of its own.
pub fn event(name: &str) -> Value {
    Value::fields([("MsgType", Value::text("event")), ("Event", Value::text(name))])
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    let Value::Fields(all) = &*TEMPLATES else { panic!("templates.json is no object") };
    all.iter().map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_a_message_or_an_event() {
        for name in names() {
            let it = find(name).unwrap();
            let event = it.text_at("Event");
            assert!(it.text_at("MsgType") == name || !event.is_empty() && name.starts_with(event), "{name}");
        }
        assert!(names().count() > 60);
        assert_eq!(find("nothing"), None);
    }

    #[test]
    fn an_event_may_have_another_name_than_its_template() {
        let it = find("subscribe_by_qr").unwrap();
        assert!(it.json().starts_with(r#"{"MsgType":"event","Event":"subscribe","EventKey":"qrscene_123123","#));
    }
}
