//! What XML does not say: which elements are lists, which are numbers, which hold elements even when they are empty. Without it a
//! back-end would get another type for one picture than for two.

use alloc::borrow::Cow;
use alloc::vec;

use super::Ids;
use crate::json::{Value, exact};

/// Whether the element `name` in an element `parent` is one of a list, however many there are. `parent` is empty for the root.
pub(super) fn is_list(parent: &str, name: &str) -> bool {
    match name {
        "item" | "Item" | "List" | "fail_idx" | "AroundBeacon" => true,
        // WeCom's cards and approvals.
        "SelectedItem" | "OptionId" | "ApprovalNode" | "NotifyNode" | "SpRecord" | "Notifyer" | "Comments" => true,
        "Details" => parent == "SpRecord",
        // wxa_media_check
        "detail" => parent.is_empty(),
        _ => false,
    }
}

/// Counters, times, coordinates: all that is a number and no id.
fn is_number(name: &str) -> bool {
    matches!(
        name,
        "CreateTime"
            | "AgentID"
            | "Location_X"
            | "Location_Y"
            | "Scale"
            | "Latitude"
            | "Longitude"
            | "Precision"
            | "Count"
            | "count"
            | "TotalCount"
            | "FilterCount"
            | "SentCount"
            | "ErrorCount"
            | "ArticleCount"
            | "Sex"
            | "Scene"
            | "Distance"
            | "ConnectTime"
            | "ExpireTime"
            | "ExpiredTime"
            | "FailTime"
            | "CreateOrderTime"
            | "PayFinishTime"
            | "ModifyBonus"
            | "ModifyBalance"
            | "IsGiveByFriend"
            | "IsRestoreMemberCard"
            | "IsRecommendByFriend"
            | "IsReturnBack"
            | "IsChatRoom"
    )
}

/// Ids that are numbers in WeChat's documentation.
fn is_id(name: &str) -> bool {
    matches!(name, "MsgId" | "MsgID" | "OuterId" | "LocationId")
}

/// The value of an element without children.
pub(super) fn leaf<'a>(name: &str, text: Cow<'a, str>, ids: Ids) -> Value<'a> {
    if text.is_empty() {
        return empty(name);
    }
    if !is_number(name) && (ids == Ids::Text || !is_id(name)) {
        return Value::Text(text);
    }
    number(text).unwrap_or_else(Value::Text)
}

fn number(text: Cow<'_, str>) -> Result<Value<'_>, Cow<'_, str>> {
    let digits = text.trim_ascii();
    if !exact::is_number(digits) {
        return Err(text);
    }
    Ok(Value::Number(if digits.len() == text.len() { text } else { Cow::Owned(digits.into()) }))
}

/// An element that is empty is so in its own type.
fn empty<'a>(name: &str) -> Value<'a> {
    match name {
        "PicList" | "ResultList" | "Articles" => Value::object([("item", Value::List(vec![]))]),
        "ScanCodeInfo"
        | "SendPicsInfo"
        | "SendLocationInfo"
        | "CopyrightCheckResult"
        | "ArticleUrlResult"
        | "PublishEventInfo"
        | "article_detail"
        | "SubscribeMsgPopupEvent"
        | "SubscribeMsgChangeEvent"
        | "SubscribeMsgSentEvent"
        | "ChosenBeacon"
        | "AroundBeacons"
        | "order_info" => Value::Object(vec![]),
        _ if is_number(name) => Value::Number("0".into()),
        _ => Value::text(""),
    }
}

/// `value` with its ids as they are wanted.
pub(super) fn with_ids<'a>(value: Value<'a>, ids: Ids) -> Value<'a> {
    let field = |(name, it): (Cow<'a, str>, Value<'a>)| {
        let it = with_ids(it, ids);
        let it = if is_id(&name) { id(it, ids) } else { it };
        (name, it)
    };
    match value {
        Value::List(items) => Value::List(items.into_iter().map(|it| with_ids(it, ids)).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(field).collect()),
        it => it,
    }
}

fn id(value: Value<'_>, ids: Ids) -> Value<'_> {
    match (value, ids) {
        (Value::Number(it), Ids::Text) => Value::Text(it),
        (Value::Text(it), Ids::Number) => number(it).unwrap_or_else(Value::Text),
        (it, _) => it,
    }
}
