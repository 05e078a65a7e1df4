//! A phone with WeChat's browser in it, for what only a browser can show: real Chromium, headless, of a phone's size.
//!
//! What the user does waits until it can be done; what the user sees is waited for. Whatever name a page has, it is on this machine.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::webdriver::Session;
use super::{Failure, Result, place};

/// What WebDriver calls the key of an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long the user waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the user looks.
const GLANCE: Duration = Duration::from_millis(40);

const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Mobile/15E148 MicroMessenger/8.0.60(0x18003c2f) NetType/WIFI Language/zh_CN";

/// A phone in somebody's hand. What it cannot do fails the scenario.
#[derive(Debug)]
pub struct Phone {
    session: Session,
}

impl Phone {
    /// Switches a new one on: no cookies, no history. `names` say at which address hosts are.
    pub async fn start(names: &[(&str, SocketAddr)]) -> Self {
        Self::try_start(names).await.unwrap_or_else(|why| panic!("{why}"))
    }

    async fn try_start(names: &[(&str, SocketAddr)]) -> Result<Self> {
        let screen = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "mobile": true, "touch": true });
        let options = json!({
            "mobileEmulation": { "deviceMetrics": screen, "userAgent": USER_AGENT },
            "prefs": { "intl.accept_languages": "zh-CN,zh" }
        });
        Ok(Self { session: Session::start(options, names).await? })
    }

    /// Opens a page.
    pub async fn opens(&self, url: &str) {
        self.did(self.session.post("/url", json!({ "url": url })).await).await;
    }

    /// Loads the page that is open once more.
    pub async fn loads_again(&self) {
        self.did(self.session.post("/refresh", json!({})).await).await;
    }

    /// The URL of the page that is open, as the page itself reads it.
    pub async fn url(&self) -> String {
        let url = self.runs("return location.href").await;
        url.as_str().unwrap_or_default().to_owned()
    }

    /// Taps the first link or button whose text begins like that.
    pub async fn taps(&self, label: &str) {
        const FIND: &str = "const all = [...document.querySelectorAll('a, button')];
            return all.find((it) => it.innerText.trim().startsWith(arguments[0]))";
        let find = async || {
            let found = self.script(FIND, json!([label])).await.ok()?;
            found[ELEMENT].as_str().map(str::to_owned)
        };
        let element = self.waits_for(&format!("no link or button {label:?}"), find).await;
        self.did(self.session.post(&format!("/element/{element}/click"), json!({})).await).await;
    }

    /// Waits until that text can be read on the page.
    pub async fn sees(&self, text: &str) {
        let look = async || self.text().await.contains(text).then_some(());
        self.waits_for(&format!("{text:?} is not to be seen"), look).await;
    }

    /// What can be read on the page.
    pub async fn text(&self) -> String {
        // Between two pages there is none.
        let text = self.script("return document.body.innerText", json!([])).await.unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Runs the body of a function on the page.
    pub async fn runs(&self, script: &str) -> Value {
        self.did(self.script(script, json!([])).await).await
    }

    /// Takes a picture of the screen, a PNG; it is also kept, as `target/browser/{name}.png`.
    pub async fn picture(&self, name: &str) -> Vec<u8> {
        let taken = self.did(self.session.get("/screenshot").await).await;
        let picture = decoded(&taken);
        let folder = place::root().join("target/browser");
        let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(format!("{name}.png")), &picture));
        self.did(kept.map_err(Failure::of("keep the picture"))).await;
        picture
    }

    /// A picture of the first element of that selector, a PNG.
    pub async fn picture_of(&self, selector: &str) -> Vec<u8> {
        let found = self.session.post("/element", json!({ "using": "css selector", "value": selector })).await;
        let found = self.did(found).await;
        let element = found[ELEMENT].as_str().unwrap_or_default();
        decoded(&self.did(self.session.get(&format!("/element/{element}/screenshot")).await).await)
    }

    /// What the browser told developers since it was last asked: errors, warnings, and whatever pages write. That a server has no
    /// favicon is not among it.
    pub async fn console(&self) -> Vec<String> {
        let lines = self.log("browser").await;
        let lines = lines.iter().filter_map(|it| it["message"].as_str());
        lines.filter(|it| !it.contains("/favicon.ico")).map(str::to_owned).collect()
    }

    /// The URLs that the browser asked for since it was last asked, and the addresses that it was answered from.
    pub async fn traffic(&self) -> (Vec<String>, BTreeSet<String>) {
        let (mut urls, mut addresses) = (Vec::new(), BTreeSet::new());
        for entry in self.log("performance").await {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default()).unwrap_or_default();
            let (event, text) = (&event["message"], |it: &Value| it.as_str().unwrap_or_default().to_owned());
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => urls.push(text(&event["params"]["request"]["url"])),
                Some("Network.responseReceived") => {
                    addresses.insert(text(&event["params"]["response"]["remoteIPAddress"]));
                }
                _ => {}
            }
        }
        // What comes from no server, such as a blank page.
        addresses.remove("");
        (urls, addresses)
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.did(self.session.post("/se/log", json!({ "type": kind })).await).await;
        entries.as_array().cloned().unwrap_or_default()
    }

    async fn script(&self, script: &str, arguments: Value) -> Result<Value> {
        self.session.post("/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    async fn waits_for<T>(&self, why: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            if Instant::now() > end {
                self.fails(why).await;
            }
            sleep(GLANCE).await;
        }
    }

    async fn did<T>(&self, done: Result<T>) -> T {
        match done {
            Ok(it) => it,
            Err(why) => self.fails(&why.to_string()).await,
        }
    }

    /// Says what the phone shows and fails the scenario.
    async fn fails(&self, why: &str) -> ! {
        let url = self.session.get("/url").await.unwrap_or_default();
        let (text, console) = (self.text().await, self.session.post("/se/log", json!({ "type": "browser" })).await);
        panic!("{why}\nThe phone shows {url}:\n{text}\nThe console: {}", console.unwrap_or_default());
    }
}

fn decoded(picture: &Value) -> Vec<u8> {
    STANDARD.decode(picture.as_str().unwrap_or_default()).unwrap_or_default()
}
