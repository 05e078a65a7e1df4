//! The passive replies that WeChat knows, and what each of them must hold.

use super::account::{Account, Kind};
use super::judge::{number, some};
use super::tree::Value;

/// How many articles WeChat shows of a reply to an event; of one to what a user wrote it shows one.
const ARTICLES: usize = 8;

/// Whether a reply can be shown. `to` is the push that it answers. The error is half a sentence.
pub fn check(body: &Value, account: &Account, to: Option<&Value>) -> Result<(), String> {
    let wecom = account.kind == Kind::Wecom;
    let needed: &[&str] = match some(body, "MsgType")? {
        "text" => &["Content"],
        "image" => &["Image/MediaId"],
        "voice" => &["Voice/MediaId"],
        "video" => &["Video/MediaId"],
        "music" => &["Music/ThumbMediaId"],
        "news" => return news(body, account, to),
        "transfer_customer_service" if body.get("TransInfo").is_some() => &["TransInfo/KfAccount"],
        "transfer_customer_service" => &[],
        "update_button" if wecom => &["Button/ReplaceName"],
        "update_taskcard" if wecom => &["TaskCard/ReplaceName"],
        "update_template_card" if wecom => return card(body),
        kind => return Err(format!("there is no MsgType {kind:?}")),
    };
    needed.iter().try_for_each(|path| some(body, path).map(|_| ()))
}

fn card(body: &Value) -> Result<(), String> {
    match body.get("TemplateCard") {
        Some(Value::Fields(_)) => Ok(()),
        _ => Err("TemplateCard is missing".to_owned()),
    }
}

fn news(body: &Value, account: &Account, to: Option<&Value>) -> Result<(), String> {
    number(body, "ArticleCount", account.format)?;
    let said: usize = body.text_at("ArticleCount").parse().map_err(|_| "ArticleCount is too large")?;
    let articles = match body.at("Articles/item") {
        Some(Value::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => return Err("Articles holds no item".to_owned()),
    };
    if said != articles.len() {
        return Err(format!("ArticleCount is {said}, and there are {} articles", articles.len()));
    }
    let user_wrote = to.is_some_and(|it| it.text_at("MsgType") != "event");
    let most = if user_wrote && account.kind != Kind::Wecom { 1 } else { ARTICLES };
    if articles.len() > most {
        return Err(format!("{} articles are more than {most}", articles.len()));
    }
    articles.iter().try_for_each(article)
}

fn article(article: &Value) -> Result<(), String> {
    let fields = ["Title", "Description", "PicUrl", "Url"];
    if let Some(missing) = fields.iter().find(|it| article.get(it).is_none()) {
        return Err(format!("an article has no {missing}"));
    }
    match fields.iter().any(|it| !article.text_at(it).is_empty()) {
        true => Ok(()),
        false => Err("an article is empty".to_owned()),
    }
}
