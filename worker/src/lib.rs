//! wxedge as a Cloudflare Worker. All of WeChat and all routing is in the core; here is only what Workers want.
//!
//! * `edge`: one request: its head goes to the core, the verdict is carried out.
//! * `keeper`: the Durable Object `Keeper`, one per account, named `v1/<kind>/<appid>`; it alone fetches and stores. And one more,
//!   `v1/registry`.
//! * `cells`: the core's `Store` over the Durable Object's SQLite.
//! * `replica`: copies of credentials in Workers KV, if the binding `KV` is there.
//! * `world`: clock, randomness, network. `timer`: a timeout that may change its owner.

// Nothing here is for other crates; what the macros below write has no place for a doc comment.
#![allow(missing_docs)]

mod cells;
mod edge;
mod keeper;
mod replica;
mod timer;
mod world;

use std::{cell::OnceCell, rc::Rc};

use worker::js_sys::Object;
use worker::wasm_bindgen::JsCast;
use worker::{Context, Env, Request, Response, event};
use wxedge::config::{ConfigError, Gateway, token_hub};
use wxedge::limits;

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    match gateway(&env) {
        Ok(gateway) => edge::answer(gateway, request, env, context).await,
        Err(error) => edge::refuse(error, &request, env),
    }
}

thread_local! {
    /// Plain data only: an isolate serves many requests, and none may touch another's futures.
    static GATEWAY: OnceCell<Result<Rc<Gateway>, ConfigError>> = const { OnceCell::new() };
}

/// The configuration: the secret or variable `WXEDGE_CONFIG`, else what wechat-token-hub's variables stand for. Read once per isolate.
fn gateway(env: &Env) -> Result<Rc<Gateway>, ConfigError> {
    let text = |name: &str| env.var(name).ok().map(|it| it.to_string());
    let read = || {
        let config = match text("WXEDGE_CONFIG") {
            Some(it) => it,
            None => derived(env, &text)?,
        };
        let gateway = Gateway::from_json(&config, &text)?;
        Ok(Rc::new(gateway.copying(limits::COPY)))
    };
    GATEWAY.with(|it| it.get_or_init(read).clone())
}

fn derived(env: &Env, text: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let names = Object::keys(env.unchecked_ref::<Object>());
    let texts = names.iter().filter_map(|it| it.as_string()).filter_map(|it| text(&it).map(|value| (it, value)));
    token_hub::config(texts)?.ok_or_else(|| ConfigError {
        path: String::new(),
        why: "there is none: put it into the secret WXEDGE_CONFIG, or set APPID, APPSECRET and a JWT_KEY_<kid>".into(),
    })
}
