//! `GET /app/{app}/js/card`: what `wx.addCard` and `wx.chooseCard` need to show that the account wants it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::script::invalid;
use super::{elsewhere, nonce, seconds};
use crate::account::Kind;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::ticket::possible;
use crate::flow::{self, api};
use crate::host::{Head, Host, Method, Response};
use crate::json::Value;
use crate::keeper::Stale;
use crate::keeper::client::credential;
use crate::limits;
use crate::query::{parameter, required};
use crate::secret::Secret;
use crate::target::place;
use crate::wechat::jssdk;

/// The answer, which the page may read whatever it says.
pub async fn answer<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Response {
    if head.method == Method::Options {
        return elsewhere::preflight(gateway, head, app);
    }
    let response = match card(gateway, host, head, app).await {
        Ok(it) => it,
        Err(error) => crate::failed(gateway, host, head, error),
    };
    elsewhere::allow(gateway, head, app, response)
}

/// `type=add` is for `wx.addCard`, `type=choose` for `wx.chooseCard`.
async fn card<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    let account = flow::app::for_anybody(gateway, host, app, "/js/card").await?;
    check(gateway, head, app)?;
    let add = match &*required(head.query(), "type")? {
        "add" => true,
        "choose" => false,
        _ => return Err(invalid("type", "must be add or choose").into()),
    };
    if add {
        required(head.query(), "card_id")?;
    }
    let fields = Fields::read(head.query())?;
    let ticket = credential(gateway, host, &account, possible(&account, Kind::WxCard)?, Stale::No).await?;
    let (nonce, timestamp) = (nonce(host)?, format!("{}", seconds(host)));
    let body = match add {
        true => fields.add(&ticket.value, &timestamp, &nonce),
        false => fields.choose(&ticket.value, account.appid(), &timestamp, &nonce),
    };
    Ok(Response::json(200, body.into_bytes()).with("x-content-type-options", "nosniff"))
}

/// The page that asks must be one of the app's. What a signature is good for does not depend on the page: this is what there is.
fn check(gateway: &Gateway, head: &Head, app: &str) -> Result<(), Reject> {
    let page = head.header("origin").or_else(|| head.header("referer"));
    let none = || Reject::Page { app: app.into(), host: "a place that neither Origin nor Referer tells".into() };
    let place = place(&page.ok_or_else(none)?).map_err(|_| none())?;
    if gateway.has_page(app, &place) {
        return Ok(());
    }
    Err(Reject::Page { app: app.into(), host: place.authority })
}

/// The parameters, as they came; empty where there was none.
struct Fields {
    card_id: String,
    code: String,
    openid: String,
    location_id: String,
    card_type: String,
    /// Those that are passed on unsigned, if they are there.
    unsigned: [Option<String>; 2],
}

/// Their names.
const UNSIGNED: [&str; 2] = ["fixed_begintimestamp", "outer_str"];

impl Fields {
    fn read(query: &str) -> Result<Self, Reject> {
        let of = |name: &str| {
            let value = parameter(query, name)?;
            let fine = |it: &String| it.len() <= limits::FIELD && !it.contains(char::is_control);
            if value.as_ref().is_some_and(|it| !fine(it)) {
                return Err(invalid(name, "has more than 512 bytes, or a control character"));
            }
            Ok(value)
        };
        let text = |name: &str| Ok(of(name)?.unwrap_or_default());
        Ok(Self {
            card_id: text("card_id")?,
            code: text("code")?,
            openid: text("openid")?,
            location_id: text("location_id")?,
            card_type: text("card_type")?,
            unsigned: [of(UNSIGNED[0])?, of(UNSIGNED[1])?],
        })
    }

    /// `{"cardId","cardExt"}`, of which the latter is JSON in a text.
    fn add(&self, ticket: &Secret, timestamp: &str, nonce: &str) -> String {
        let signature = jssdk::card(&[ticket.expose(), timestamp, &self.card_id, &self.code, &self.openid, nonce]);
        let mut fields = Vec::from(
            [
                ("code", &*self.code),
                ("openid", &self.openid),
                ("timestamp", timestamp),
                ("nonce_str", nonce),
                ("signature", &signature),
            ]
            .map(|(name, it)| (name.into(), Value::text(it))),
        );
        let unsigned = UNSIGNED.iter().zip(&self.unsigned);
        fields.extend(unsigned.filter_map(|(name, it)| Some(((*name).into(), Value::text(it.as_deref()?)))));
        let mut extension = String::new();
        Value::Object(fields).write(&mut extension);
        api::object([("cardId", Value::text(&*self.card_id)), ("cardExt", Value::text(extension))])
    }

    fn choose(&self, ticket: &Secret, appid: &str, timestamp: &str, nonce: &str) -> String {
        let values = [ticket.expose(), appid, &self.location_id, timestamp, nonce, &self.card_id, &self.card_type];
        api::object([
            ("shopId", Value::text(&*self.location_id)),
            ("cardType", Value::text(&*self.card_type)),
            ("cardId", Value::text(&*self.card_id)),
            ("timestamp", Value::Number(timestamp.into())),
            ("nonceStr", Value::text(nonce)),
            ("signType", Value::text("SHA1")),
            ("cardSign", Value::text(jssdk::card(&values))),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(query: &str) -> Fields {
        Fields::read(query).unwrap()
    }

    #[test]
    fn a_card_to_add_is_signed_by_what_is_sent_with_it() {
        let ticket = Secret::new("TK".into());
        let said = fields("card_id=p1&code=c\"&openid=o&outer_str=</script>").add(&ticket, "1", "n");
        let signature = jssdk::card(&["TK", "1", "p1", "c\"", "o", "n"]);
        let extension = format!(
            r#"{{"code":"c\"","openid":"o","timestamp":"1","nonce_str":"n","signature":"{signature}","outer_str":"</script>"}}"#
        );
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said, serde_json::json!({ "cardId": "p1", "cardExt": extension }));
    }

    #[test]
    fn a_choice_is_signed_by_its_filters() {
        let ticket = Secret::new("TK".into());
        let said = fields("location_id=7&card_type=GROUPON").choose(&ticket, "wx1", "1", "n");
        let signature = jssdk::card(&["TK", "wx1", "7", "1", "n", "", "GROUPON"]);
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let fields = serde_json::json!({
            "shopId": "7", "cardType": "GROUPON", "cardId": "", "timestamp": 1, "nonceStr": "n", "signType": "SHA1",
            "cardSign": signature
        });
        assert_eq!(said, fields);
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for query in ["code=a%0ab", "code=a&code=b", "code=%ff", &format!("code={}", "a".repeat(513))] {
            assert!(Fields::read(query).is_err(), "{query}");
        }
    }
}
