//! A push of 1 KiB, as an official account in safe mode gets it, and what reads it.

use std::hint::black_box;

use aes::Aes256;
use aes::cipher::{Array, BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use sha1::{Digest, Sha1};
use wxedge::account::Family;
use wxedge::host::Time;
use wxedge::secret::Secret;
use wxedge::wechat::callback::{Guard, Mode, Signed, Taken};
use wxedge::wechat::envelope::{self, AesKey};
use wxedge::wechat::message::{Ids, Message};
use wxedge::wechat::signature;

const TOKEN: &str = "token-of-the-benchmarks";
const TIMESTAMP: &str = "1700000000";
const NONCE: &str = "1320562132";

const NOW: Time = Time::from_ms(1_700_000_001_000);
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APPID: &str = "wx1234567890abcdef";

const BEGIN: &str = "<xml><ToUserName><![CDATA[gh_1a2b3c4d5e6f]]></ToUserName>\n\
<FromUserName><![CDATA[oLVPpjqs9BhvzwPj5A-vTYAX3GLc]]></FromUserName>\n<CreateTime>1700000000</CreateTime>\n\
<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[";
const PARAGRAPH: &str = "你好，我上个星期在你们店里买了一台咖啡机，订单号是 2023-1115-0042，到今天还没有收到。\
客服上次说 \"三天之内一定发货\"，可是物流信息一直没有更新，请帮我查一下到底是什么原因。谢谢！\n";
const END: &str = "]]></Content>\n<MsgId>22277834746191186</MsgId>\n</xml>";

pub(crate) struct Push {
    guard: Guard,
    query: String,
    key: AesKey,
    encrypted: String,
    pub(crate) body: Vec<u8>,
}

impl Push {
    pub(crate) fn new() -> Self {
        let key = AesKey::parse(AES_KEY).unwrap();
        let token = Secret::new(TOKEN.into());
        let encrypted = envelope::encrypt(&key, [7; 16], text().as_bytes(), APPID);
        let signature = signature::msg_signature(&token, TIMESTAMP, NONCE, &encrypted);
        Self {
            query: format!(
                "signature=5f2c4ab1d0e8b7a6c3f9182736455463728190ab&timestamp={TIMESTAMP}&nonce={NONCE}\
                 &openid=oLVPpjqs9BhvzwPj5A-vTYAX3GLc&encrypt_type=aes&msg_signature={signature}"
            ),
            body: format!(
                "<xml>\n    <ToUserName><![CDATA[gh_1a2b3c4d5e6f]]></ToUserName>\n    \
                 <Encrypt><![CDATA[{encrypted}]]></Encrypt>\n</xml>\n"
            )
            .into(),
            guard: Guard {
                family: Family::Official,
                mode: Mode::Encrypted,
                tokens: vec![token],
                keys: vec![key.clone()],
                receive_ids: vec![APPID.into()],
                max_age: 300,
            },
            key,
            encrypted,
        }
    }

    /// What WeChat's way asks for whatever reads it: a hash, a decoding, a decryption.
    pub(crate) fn raw(&self) -> ([u8; 20], Vec<u8>) {
        let (key, encrypted) = (black_box(self.key.expose()), black_box(self.encrypted.as_str()));
        let mut hash = Sha1::new();
        [NONCE, TIMESTAMP, encrypted, TOKEN].iter().for_each(|it| hash.update(it));
        let mut bytes = STANDARD.decode(encrypted).unwrap();
        let iv = *key.first_chunk::<16>().unwrap();
        let (blocks, _) = Array::slice_as_chunks_mut(&mut bytes);
        Decryptor::<Aes256>::new(&(*key).into(), &iv.into()).decrypt_blocks(blocks);
        (hash.finalize().into(), bytes)
    }

    /// Verifies and decrypts.
    pub(crate) fn open(&self, body: Vec<u8>) -> Taken {
        self.guard.take(&Signed::read(&self.query).unwrap(), body, NOW).unwrap()
    }

    /// The same, and translates into the form `json`.
    pub(crate) fn json(&self, body: Vec<u8>) -> String {
        Message::read(&self.open(body).text, Ids::Text).unwrap().json()
    }

    /// The same, and translates into the form `gateway`, path and all.
    pub(crate) fn gateway(&self, body: Vec<u8>) -> (String, String) {
        let taken = self.open(body);
        let message = Message::read(&taken.text, Ids::Text).unwrap();
        (message.path(), message.gateway())
    }
}

/// 1 024 bytes of a push: what a user wrote.
fn text() -> String {
    let room = 1_024 - BEGIN.len() - END.len();
    let mut content = PARAGRAPH.repeat(room / PARAGRAPH.len());
    content.push_str(&".".repeat(room - content.len()));
    [BEGIN, &content, END].concat()
}
