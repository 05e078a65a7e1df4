//! The root context: configuration, wake-ups, ticks, replies. Everything that outlives a request runs here.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType, LogLevel};
use wxedge::config::{ConfigError, Gateway};
use wxedge::host::{Key, Time};
use wxedge::keeper;
use wxedge::secret::digest;

use crate::edge::{Edge, now};
use crate::host::reply;
use crate::store::{SharedData, create};
use crate::stream::{Request, Stream};

/// See above.
pub(crate) struct Root {
    id: u32,
    /// `None` until a configuration was accepted.
    edge: Option<Rc<Edge>>,
}

impl Root {
    pub(crate) const fn new(id: u32) -> Self {
        Self { id, edge: None }
    }

    fn configure(&mut self) -> Result<(), ConfigError> {
        let text = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX);
        let text = text.ok().flatten().unwrap_or_default();
        let gateway = read(&text)?;
        for (account, kind) in gateway.credentials() {
            create(&keeper::key(account, kind));
        }
        let gateway = gateway.at_epoch(epoch(&text));
        // A queue belongs to the last one that registered its name: each root needs one of its own.
        let mut number = [0; 8];
        let random = getrandom::fill(&mut number).is_ok();
        let name = format!("wxedge/1/q/{}", u64::from_le_bytes(number));
        let queue = hostcalls::register_shared_queue(&name).ok().filter(|_| random);
        let queue = queue.ok_or_else(|| refuse("Envoy gives no randomness or no shared queue"))?;
        let edge = Rc::new(Edge::new(self.id, queue, gateway));
        for (account, kind) in edge.gateway.credentials() {
            let watch = edge.exec.spawn(edge.keeper().watch(account.clone(), kind));
            edge.exec.mark(watch);
        }
        // The tasks run when the queue is ready, which it never is for the trial run that Envoy makes of a configuration.
        edge.rest();
        self.edge = Some(edge);
        Ok(())
    }
}

fn read(text: &[u8]) -> Result<Gateway, ConfigError> {
    let is_json = text.trim_ascii_start().starts_with(b"{");
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|_| is_json)
        .ok_or_else(|| refuse("it is not JSON: give the plugin's configuration as a google.protobuf.StringValue"))?;
    Gateway::from_json(text, &|name| std::env::var(name).ok())
}

fn refuse(why: &str) -> ConfigError {
    ConfigError { path: String::new(), why: why.into() }
}

/// The number of this configuration: every root that has the same one, on whichever thread, has the same number.
fn epoch(text: &[u8]) -> u64 {
    let mut text = text.to_vec();
    // Secrets come from the environment, so two equal texts may mean two configurations.
    for (name, value) in std::env::vars_os() {
        text.extend(format!("\n{}={}", name.to_string_lossy(), value.to_string_lossy()).into_bytes());
    }
    create(&Key::new(keeper::EPOCH));
    keeper::epoch(&SharedData(None), &digest(&text))
}

impl Drop for Root {
    fn drop(&mut self) {
        if let Some(edge) = &self.edge {
            // Tasks and edge hold each other.
            edge.exec.clear();
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _: usize) {
        if let Some(edge) = &self.edge {
            edge.turn(|exec| exec.reply(token, reply(headers, body)));
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let configured = self.configure();
        if let Err(error) = &configured {
            let _ = hostcalls::log(LogLevel::Critical, &error.to_string());
        }
        configured.is_ok()
    }

    fn on_queue_ready(&mut self, _: u32) {
        if let Some(edge) = &self.edge {
            edge.turn(|_| edge.drain());
        }
    }

    fn on_tick(&mut self) {
        if let Some(edge) = &self.edge {
            // A tick repeats by itself, so whatever comes next must be set anew.
            edge.armed.set(Some(Time::default()));
            edge.turn(|exec| exec.ring(now()));
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        let edge = self.edge.clone()?;
        let stream = Rc::new(Stream::new(id));
        Some(Box::new(Request { edge, stream }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
