//! Where all of this plays: a gateway, a shop behind it with pages of its own, and somebody with a phone.

use serde_json::json;
use wxedge_tests::harness::*;

/// The gateway's own address, as the phone finds it.
pub const GATEWAY: &str = "http://wx.example.com";
/// The shop's.
pub const SHOP: &str = "http://shop.example.com";
/// A caller that swaps tickets of logins and signs links.
pub const SHOP_KEY: &str = "shop-key-0123456789";

/// A gateway, a shop and a phone.
pub struct Scene {
    pub edge: Edge,
    pub shop: Backend,
    pub phone: Phone,
}

impl Scene {
    /// The demo app logs users in for the back-end `shop`, which gets `POST /login`, and for the shop's pages.
    pub async fn new(start: Start) -> Self {
        let shop = Backend::start().await.unwrap();
        let start = start.browsable().config(|config| {
            config["public_url"] = json!(GATEWAY);
            config["gateway_key"] = json!("gateway-key-0123456789");
            config["backends"] = json!({ "shop": { "url": shop.url("/login") } });
            config["apps"]["demo"]["oauth"] = json!({
                "to": ["shop", SHOP], "path": "/redirect", "redirect_to": "shop", "userinfo_flag": "full"
            });
            let caller = json!({ "name": "shop", "key": SHOP_KEY, "apps": ["demo"], "may": ["login", "link"] });
            config["callers"].as_array_mut().unwrap().push(caller);
        });
        let edge = start.start().await;
        let settings = json!({ "appid": DEMO_APPID, "oauth_domains": ["wx.example.com"] });
        edge.simulator().account(settings).await.unwrap();
        let phone = Self::another_phone(&edge, &shop).await;
        Self { edge, shop, phone }
    }

    /// Somebody else's phone.
    pub async fn another_phone(edge: &Edge, shop: &Backend) -> Phone {
        Phone::start(&[("wx.example.com", edge.address()), ("shop.example.com", shop.address())]).await
    }

    /// The link to that path of the gateway which anybody may follow.
    pub async fn link(&self, path: &str) -> String {
        let body = json!({ "path": path, "expires_in": 60 });
        let answer = self.edge.post_json("/app/demo/sign", &body).bearer(SHOP_KEY).await;
        answer.json()["url"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    /// What the simulator was asked, by the short name of the endpoint.
    pub async fn asked(&self, endpoint: &str) -> u64 {
        self.edge.simulator().state().await.unwrap().counters[endpoint].calls
    }

    /// The bodies that the shop was sent to that path.
    pub fn told(&self, path: &str) -> Vec<serde_json::Value> {
        let here = self.shop.received().into_iter().filter(|it| it.method == "POST" && it.target == path);
        here.map(|it| it.json()).collect()
    }
}

/// A page of the shop's.
pub fn page(html: &str) -> Spoken {
    says(format!("<!DOCTYPE html><meta charset=utf-8><title>Shop</title>{html}")).header("content-type", "text/html")
}
