//! The JS-SDK: pages and cards.

use wxedge::secret::Secret;
use wxedge::wechat::jssdk;

use super::{Check, Vector};

pub fn judge(vector: &Vector) -> Option<Check> {
    Some(match vector.kind.as_str() {
        "jssdk_signature" => page(vector),
        "card_signature" => card(vector),
        _ => return None,
    })
}

fn page(vector: &Vector) -> Check {
    let ticket = Secret::new(vector.text("jsapi_ticket")?);
    let [nonce, timestamp, url] = [vector.text("noncestr")?, vector.text("timestamp")?, vector.text("url")?];
    vector.is(&jssdk::page(&ticket, &nonce, &timestamp, &url))
}

fn card(vector: &Vector) -> Check {
    let values = vector.texts("values")?;
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    vector.is(&jssdk::card(&values))
}
