//! The answers of a gateway that no back-end stands behind: go-wx-gateway's, word by word. They show that the registration works.

use alloc::format;

use super::Reply;
use crate::wechat::message::Message;

/// The answer to `message`; `None` for most.
#[must_use]
pub fn echo<'a>(message: &'a Message<'_>) -> Option<Reply<'a>> {
    let text = |name| message.text(name);
    if message.is_event() {
        return Some(match message.event() {
            "CLICK" => Reply::text(format!("event key {} clicked", text("EventKey")).into()),
            "subscribe" => Reply::text("welcome".into()),
            "scancode_waitmsg" => Reply::text(
                format!(
                    "scan result: {}, {}",
                    message.inside("ScanCodeInfo", "ScanType"),
                    message.inside("ScanCodeInfo", "ScanResult")
                )
                .into(),
            ),
            "MASSSENDJOBFINISH" | "TEMPLATESENDJOBFINISH" if !text("Status").is_empty() => {
                Reply::text(text("Status").into())
            }
            _ => return None,
        });
    }
    let media = text("MediaId").into();
    Some(match message.kind() {
        "text" if !text("Content").is_empty() => Reply::text(text("Content").into()),
        "image" => Reply::inside("image", "Image", [("MediaId", media)]),
        "voice" => Reply::inside("voice", "Voice", [("MediaId", media)]),
        "shortvideo" => {
            let fields = [("MediaId", media), ("Title", "echo".into()), ("Description", "thank you".into())];
            Reply::inside("video", "Video", fields)
        }
        "link" => Reply::text(format!("your link {} received", text("Title")).into()),
        _ => return None,
    })
}
