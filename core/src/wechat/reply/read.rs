//! What a back-end says.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Answer, Reply};
use crate::json::{Value, exact};
use crate::limits;
use crate::wechat::message::{Ids, elements};
use crate::wechat::xml;

use Answer::{Nothing, Unusable};

/// The reply that `body` stands for.
#[must_use]
pub fn read(body: &[u8]) -> Answer<Reply<'_>> {
    let text = match text(body) {
        Ok(it) => it,
        Err(it) => return it,
    };
    let value = if text.starts_with('<') { from_xml(text) } else { from_json(text) };
    match value.and_then(object) {
        Ok(Some(reply)) => Answer::Reply(reply),
        Ok(None) => Nothing,
        Err(why) => Unusable(why),
    }
}

/// An answer in WeChat's own format, which is passed on as it is: only that it is one is looked after.
#[must_use]
pub fn raw(body: &[u8]) -> Answer<&str> {
    let text = match text(body) {
        Ok(it) => it,
        Err(it) => return it,
    };
    let value = if text.starts_with('<') { from_xml(text) } else { from_json(text) };
    // What else a back-end may say with 200, such as a page or an error in JSON, would be shown to the user as a failure.
    let is_one = |it: &Value<'_>| ["MsgType", "Encrypt", "encrypt"].iter().any(|name| it.get(name).is_some());
    match value {
        Ok(it @ Value::Object(_)) if is_one(&it) => Answer::Reply(text),
        Ok(Value::Object(_)) => Unusable("it has neither MsgType nor Encrypt"),
        Ok(Value::Null) => Nothing,
        Ok(_) => Unusable("it is neither an object nor a document"),
        Err(why) => Unusable(why),
    }
}

/// The answer to a push of a channels shop: what `msg` says is the whole reply.
#[must_use]
pub fn channels(body: &[u8]) -> Answer<String> {
    let text = match text(body) {
        Ok(it) => it,
        Err(it) => return it,
    };
    match from_json(text).and_then(|it| string(&it, "msg").map(Cow::into_owned)) {
        Ok(it) if it.is_empty() => Nothing,
        Ok(it) => Answer::Reply(it),
        Err(why) => Unusable(why),
    }
}

/// The text of an answer that says anything; else what it comes to.
fn text<T>(body: &[u8]) -> Result<&str, Answer<T>> {
    if body.len() > limits::JSON {
        return Err(Unusable("it is too long"));
    }
    let text = core::str::from_utf8(body).map_err(|_| Unusable("it is not UTF-8"))?;
    match text.trim_start_matches('\u{feff}').trim_ascii() {
        "" | "success" | "\"\"" | "\"success\"" | "null" => Err(Nothing),
        it => Ok(it),
    }
}

fn from_xml(text: &str) -> Result<Value<'_>, &'static str> {
    elements(text, Ids::Text).map_err(|it| it.why)
}

fn from_json(text: &str) -> Result<Value<'_>, &'static str> {
    exact::parse(text).map_err(|it| it.why)
}

fn object(value: Value<'_>) -> Result<Option<Reply<'_>>, &'static str> {
    match &value {
        Value::Object(fields) if fields.is_empty() => Ok(None),
        Value::Object(_) if field(&value, "MsgType").is_some() => wechat(&value),
        Value::Object(_) if field(&value, "type").or_else(|| field(&value, "msg")).is_some() => short(&value),
        Value::Object(_) => Err("it has neither MsgType nor type nor msg"),
        _ => Err("it is neither an object nor a document"),
    }
}

/// A reply in WeChat's words.
fn wechat<'a>(value: &Value<'a>) -> Result<Option<Reply<'a>>, &'static str> {
    let inside = |element| field(value, element).unwrap_or(&Value::Null);
    let media = |element| {
        let media = string(inside(element), "MediaId")?;
        if media.is_empty() { Err("it names no media") } else { Ok(media) }
    };
    let reply = match &*string(value, "MsgType")? {
        "text" => match string(value, "Content")? {
            it if it.is_empty() => return Ok(None),
            it => Reply::text(it),
        },
        "image" => Reply::inside("image", "Image", [("MediaId", media("Image")?)]),
        "voice" => Reply::inside("voice", "Voice", [("MediaId", media("Voice")?)]),
        "video" => {
            let video = inside("Video");
            let fields = [
                ("MediaId", media("Video")?),
                ("Title", string(video, "Title")?),
                ("Description", string(video, "Description")?),
            ];
            Reply::inside("video", "Video", fields)
        }
        "music" => {
            let music = |name| string(inside("Music"), name);
            music_of([
                music("Title")?,
                music("Description")?,
                music("MusicUrl")?,
                music("HQMusicUrl")?,
                music("ThumbMediaId")?,
            ])?
        }
        "news" => Reply::news(articles(inside("Articles"))?),
        "transfer_customer_service" => service(string(inside("TransInfo"), "KfAccount")?),
        "update_button" => card("update_button", "Button", value)?,
        "update_taskcard" => card("update_taskcard", "TaskCard", value)?,
        "update_template_card" => card("update_template_card", "TemplateCard", value)?,
        _ => return Err("there is no such MsgType"),
    };
    Ok(Some(reply))
}

/// A reply in go-wx-gateway's words.
fn short<'a>(value: &Value<'a>) -> Result<Option<Reply<'a>>, &'static str> {
    let kind = match string(value, "type")? {
        it if it.is_empty() => Cow::Borrowed("text"),
        it => it,
    };
    let msg = string(value, "msg")?;
    let or = |it: Cow<'a, str>, other| if it.is_empty() { Cow::Borrowed(other) } else { it };
    let reply = match &*kind {
        "success" => return Ok(None),
        "music" => music_of([
            string(value, "title")?,
            string(value, "desc")?,
            string(value, "url")?,
            string(value, "hq_url")?,
            string(value, "thumb")?,
        ])?,
        "news" => Reply::news(articles(field(value, "articles").unwrap_or(&Value::Null))?),
        "transfer_customer_service" => service(string(value, "account")?),
        "text" | "image" | "voice" | "video" | "update_button" | "update_taskcard" if msg.is_empty() => {
            return Ok(None);
        }
        "text" => Reply::text(msg),
        "image" => Reply::inside("image", "Image", [("MediaId", msg)]),
        "voice" => Reply::inside("voice", "Voice", [("MediaId", msg)]),
        "video" => {
            let title = or(string(value, "title")?, "[no title]");
            let description = or(string(value, "desc")?, "[no desc]");
            Reply::inside("video", "Video", [("MediaId", msg), ("Title", title), ("Description", description)])
        }
        "update_button" => Reply::inside("update_button", "Button", [("ReplaceName", msg)]),
        "update_taskcard" => Reply::inside("update_taskcard", "TaskCard", [("ReplaceName", msg)]),
        _ => return Err("there is no such type"),
    };
    Ok(Some(reply))
}

fn music_of(fields: [Cow<'_, str>; 5]) -> Result<Reply<'_>, &'static str> {
    if fields.iter().all(|it| it.is_empty()) {
        return Err("it names no music");
    }
    let [title, description, url, hq_url, thumb] = fields;
    let fields = [
        ("Title", title),
        ("Description", description),
        ("MusicUrl", url),
        ("HQMusicUrl", hq_url),
        ("ThumbMediaId", thumb),
    ];
    Ok(Reply::inside("music", "Music", fields))
}

fn service(account: Cow<'_, str>) -> Reply<'_> {
    if account.is_empty() {
        return Reply::new("transfer_customer_service", Vec::new());
    }
    Reply::inside("transfer_customer_service", "TransInfo", [("KfAccount", account)])
}

/// WeCom's cards: a tree of elements that is passed on whole.
fn card<'a>(kind: &'static str, element: &'static str, value: &Value<'a>) -> Result<Reply<'a>, &'static str> {
    match field(value, element) {
        Some(it @ Value::Object(fields)) if !fields.is_empty() && xml::fits(it) => {
            Ok(Reply::new(kind, vec![(element.into(), it.clone())]))
        }
        _ => Err("it holds no card"),
    }
}

/// The articles of a list, of an `item`, or of a list of objects with an `Item`.
fn articles<'a>(value: &Value<'a>) -> Result<Vec<Value<'a>>, &'static str> {
    let mut all = Vec::new();
    collect(value, &mut all)?;
    if all.is_empty() { Err("it holds no article") } else { Ok(all) }
}

fn collect<'a>(value: &Value<'a>, all: &mut Vec<Value<'a>>) -> Result<(), &'static str> {
    match (value, field(value, "item")) {
        (Value::List(items), _) => items.iter().try_for_each(|it| collect(it, all)),
        (Value::Object(_), Some(item)) => collect(item, all),
        (Value::Object(_), None) => {
            all.push(article(value)?);
            Ok(())
        }
        (Value::Null, _) => Ok(()),
        _ => Err("an article is no object"),
    }
}

fn article<'a>(value: &Value<'a>) -> Result<Value<'a>, &'static str> {
    let title = string(value, "Title")?;
    let description = either(value, &["Description", "desc"])?;
    let picture = either(value, &["PicUrl", "pic_url", "pic"])?;
    let url = string(value, "Url")?;
    if title.is_empty() && picture.is_empty() && url.is_empty() {
        return Err("an article is empty");
    }
    Ok(Value::object([
        ("Title", Value::Text(title)),
        ("Description", Value::Text(description)),
        ("PicUrl", Value::Text(picture)),
        ("Url", Value::Text(url)),
    ]))
}

/// The field `name`, whatever its capitals.
fn field<'v, 'a>(value: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    let any = || value.fields().iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| &it.1);
    value.get(name).or_else(any)
}

/// The text of the field `name`; empty if there is none.
fn string<'a>(value: &Value<'a>, name: &str) -> Result<Cow<'a, str>, &'static str> {
    match field(value, name) {
        Some(Value::Text(it) | Value::Number(it)) => Ok(it.clone()),
        None | Some(Value::Null) => Ok(Cow::Borrowed("")),
        Some(_) => Err("a field that should be a text is none"),
    }
}

/// The first of these fields that says anything.
fn either<'a>(value: &Value<'a>, names: &[&str]) -> Result<Cow<'a, str>, &'static str> {
    for name in names {
        let it = string(value, name)?;
        if !it.is_empty() {
            return Ok(it);
        }
    }
    Ok(Cow::Borrowed(""))
}
