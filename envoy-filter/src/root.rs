//! The root context: configuration, wake-ups, ticks, replies. Everything that outlives a request runs here.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType, LogLevel};
use wxedge::config::{ConfigError, Gateway};
use wxedge::host::Key;
use wxedge::keeper;
use wxedge::secret::digest;

use crate::edge::{Edge, now};
use crate::host::reply;
use crate::store::{count, create};
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
        let number = count(&Key::new("queues"), |number, _| (number.wrapping_add(1), Vec::new()));
        let Ok(queue) = hostcalls::register_shared_queue(&format!("wxedge/1/q/{number}")) else {
            return Err(refuse("Envoy gives no shared queue"));
        };
        let edge = Rc::new(Edge::new(self.id, queue, gateway));
        for (account, _) in edge.gateway.credentials() {
            let watch = edge.exec.spawn(edge.keeper().watch(account.clone()));
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
    std::env::vars().for_each(|(name, value)| text.extend(format!("\n{name}={value}").into_bytes()));
    let mark = digest(&text).to_vec();
    count(&Key::new("epoch"), |number, known| {
        if known == mark { (number, mark.clone()) } else { (number.saturating_add(1), mark.clone()) }
    })
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
            edge.disarm();
            edge.turn(|exec| exec.ring(now()));
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        let edge = self.edge.clone()?;
        Some(Box::new(Request::new(edge, Rc::new(Stream::new(id)))))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
