//! The account that pushes, as it is set up on WeChat's side.

use std::str::FromStr;

use super::crypto::Key;

/// What kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An official account.
    Official,
    /// A mini program.
    MiniProgram,
    /// A channels shop.
    Channels,
    /// WeCom: always encrypted, and without a `signature`.
    Wecom,
}

/// How its pushes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As plain text.
    Plain,
    /// As plain text with the envelope beside it.
    Compatible,
    /// In an envelope.
    Safe,
}

/// How they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// In XML.
    Xml,
    /// In JSON.
    Json,
}

/// An account and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its kind.
    pub kind: Kind,
    /// Its AppID; WeCom's corpid or suite id. Envelopes are for it.
    pub id: String,
    /// What its messages are sent to: `ToUserName`.
    pub name: String,
    /// The token that signs.
    pub token: String,
    /// The EncodingAESKey, if there is one.
    pub key: Option<Key>,
    /// How its pushes come.
    pub mode: Mode,
    /// How they are written.
    pub format: Format,
    /// WeCom's `AgentID`.
    pub agent: String,
}

impl Account {
    /// The AppID of [`Account::default`].
    pub const ID: &'static str = "wx1234567890abcdef";
    /// Its token.
    pub const TOKEN: &'static str = "simulatortoken";

    /// An account of that kind: plain and XML as far as that kind has it.
    pub fn of(kind: Kind) -> Self {
        let account = Self::default();
        match kind {
            Kind::Official | Kind::MiniProgram => Self { kind, ..account },
            Kind::Channels => Self { kind, format: Format::Json, ..account },
            Kind::Wecom => {
                let id = "ww1234567890abcdef".to_owned();
                Self { kind, name: id.clone(), id, mode: Mode::Safe, ..account }
            }
        }
    }

    /// With another AppID or corpid.
    pub fn id(mut self, id: &str) -> Self {
        if self.kind == Kind::Wecom {
            id.clone_into(&mut self.name);
        }
        id.clone_into(&mut self.id);
        self
    }

    /// With another token.
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// Encrypted with that key, the plain text not beside it.
    #[track_caller]
    pub fn safe(self, key: &str) -> Self {
        Self { mode: Mode::Safe, ..self.key(key) }
    }

    /// Encrypted with that key, the plain text beside it.
    #[track_caller]
    pub fn compatible(self, key: &str) -> Self {
        Self { mode: Mode::Compatible, ..self.key(key) }
    }

    /// In JSON.
    pub fn json(self) -> Self {
        Self { format: Format::Json, ..self }
    }

    #[track_caller]
    fn key(mut self, key: &str) -> Self {
        self.key =
            Some(Key::parse(key).unwrap_or_else(|| panic!("no EncodingAESKey is {} characters long", key.len())));
        self
    }
}

/// The official account that `wxedge-simulator push` means if it is not told otherwise.
impl Default for Account {
    fn default() -> Self {
        Self {
            kind: Kind::Official,
            id: Self::ID.to_owned(),
            name: "gh_simulator".to_owned(),
            token: Self::TOKEN.to_owned(),
            key: None,
            mode: Mode::Plain,
            format: Format::Xml,
            agent: "1000002".to_owned(),
        }
    }
}

macro_rules! named {
    ($type:ident: $($name:literal => $value:ident),+) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$value),)+
                    _ => Err(format!("{text:?} is none of {}", [$($name),+].join(", "))),
                }
            }
        }
    };
}

named!(Kind: "official" => Official, "miniprogram" => MiniProgram, "channels" => Channels, "wecom" => Wecom);
named!(Mode: "plain" => Plain, "compatible" => Compatible, "safe" => Safe);
named!(Format: "xml" => Xml, "json" => Json);
