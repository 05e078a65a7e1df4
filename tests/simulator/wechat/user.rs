//! People with a WeChat, and which of them holds the phone whose browser comes by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Who holds the phone if nobody was put there.
const NOBODY_ELSE: &str = "oSimulatorUser00000000000001";

/// One person, with the same openid for every account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Names the person.
    pub openid: String,
    /// As it is, whatever is in it.
    pub nickname: String,
    /// 1 for a man, 2 for a woman, 0 if it is not told.
    pub sex: u8,
    /// Such as `zh_CN`.
    pub language: String,
    /// Where the person lives.
    pub province: String,
    /// Where the person lives.
    pub city: String,
    /// Where the person lives.
    pub country: String,
    /// The picture; empty if there is none.
    pub headimgurl: String,
    /// Such as `chinaunicom`.
    pub privilege: Vec<String>,
    /// `u-` and the openid unless it is set; `null` if the account is bound to no open platform.
    pub unionid: Option<String>,
    /// Whether the person follows the account.
    pub subscribe: bool,
    /// Whether this is the virtual user of a page in snapshot mode.
    pub snapshot: bool,
    /// More fields of `/cgi-bin/user/info`, such as the nickname, which accounts of today are not told there.
    pub info: Map<String, Value>,
    /// WeCom: a member of the corp has one.
    pub userid: Option<String>,
    /// WeCom: a customer of the corp has one.
    pub external_userid: Option<String>,
    /// WeCom: more fields of `/cgi-bin/auth/getuserdetail`, such as `mobile`.
    pub detail: Map<String, Value>,
}

impl User {
    fn of(openid: &str) -> Self {
        Self {
            openid: openid.to_owned(),
            nickname: "模拟用户".to_owned(),
            sex: 1,
            language: "zh_CN".to_owned(),
            province: "广东".to_owned(),
            city: "广州".to_owned(),
            country: "中国".to_owned(),
            headimgurl: String::new(),
            privilege: Vec::new(),
            unionid: Some(format!("u-{openid}")),
            subscribe: true,
            snapshot: false,
            info: Map::new(),
            userid: None,
            external_userid: None,
            detail: Map::new(),
        }
    }

    /// What `/sns/userinfo` tells.
    pub fn profile(&self) -> Value {
        let mut profile = json!({
            "openid": self.openid,
            "nickname": self.nickname,
            "sex": self.sex,
            "language": self.language,
            "city": self.city,
            "province": self.province,
            "country": self.country,
            "headimgurl": self.headimgurl,
            "privilege": self.privilege,
        });
        if let Some(unionid) = &self.unionid {
            profile["unionid"] = json!(unionid);
        }
        profile
    }
}

/// Everybody.
#[derive(Debug, Default)]
pub struct Users {
    list: BTreeMap<String, User>,
    last: Option<String>,
}

impl Users {
    /// Creates a user or changes the fields that are named, and gives the phone to that user. The error is a sentence that
    /// begins with the field.
    pub fn put(&mut self, change: Map<String, Value>) -> Result<(), String> {
        let openid = change.get("openid").and_then(Value::as_str).filter(|it| !it.is_empty());
        let openid = openid.ok_or("openid: it is required")?.to_owned();
        // A user is a map of plain values: it always has a JSON form.
        let mut whole = serde_json::to_value(self.get(&openid)).unwrap_or_default();
        if let Some(fields) = whole.as_object_mut() {
            fields.extend(change);
        }
        let user: User =
            serde_path_to_error::deserialize(whole).map_err(|why| match why.path().to_string().as_str() {
                "." | "?" => format!("the body: {}", why.inner()),
                path => format!("{path}: {}", why.inner()),
            })?;
        self.list.insert(openid.clone(), user);
        self.last = Some(openid);
        Ok(())
    }

    /// The user of that openid; nobody is a stranger.
    pub fn get(&self, openid: &str) -> User {
        self.list.get(openid).cloned().unwrap_or_else(|| User::of(openid))
    }

    /// Who holds the phone: the one that was put last.
    pub fn at_the_phone(&self) -> User {
        self.get(self.last.as_deref().unwrap_or(NOBODY_ELSE))
    }
}
