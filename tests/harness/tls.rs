//! Certificates of one test, and a client that shows them: both by the `openssl` command, which no host here is made of.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::http::{Answer, PATIENCE, parse};
use super::scratch::Scratch;
use super::{Failure, Request, Result};

/// The name that every server here has a certificate for.
const SERVER: &str = "edge.example.com";
/// What `openssl req` wants of a configuration; without it the machine's own would add extensions.
const REQ: &str = "[req]\ndistinguished_name = dn\n[dn]\n";

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
}

/// An authority that signs certificates. It goes with the test.
#[derive(Debug)]
pub struct Authority {
    own: Certificate,
    scratch: Scratch,
}

impl Authority {
    /// A new one.
    pub async fn new() -> Result<Self> {
        let scratch = Scratch::new("authority")?;
        scratch.write("req.cnf", REQ)?;
        let own = Certificate { chain: scratch.path("ca.pem"), key: scratch.path("ca.key") };
        let authority = Self { own, scratch };
        let own = &authority.own;
        authority.make(own, "/CN=authority", &["-addext", "basicConstraints=critical,CA:TRUE"]).await?;
        Ok(authority)
    }

    /// A certificate for `subject` (`/O=Example/CN=crm`) with the alternative `names` (`URI:spiffe://..,DNS:..`).
    pub async fn sign(&self, file: &str, subject: &str, names: &str) -> Result<Certificate> {
        let made = Certificate {
            chain: self.scratch.path(&format!("{file}.pem")),
            key: self.scratch.path(&format!("{file}.key")),
        };
        let names = format!("subjectAltName={names}");
        let (chain, key) = (self.own.chain.to_string_lossy(), self.own.key.to_string_lossy());
        self.make(&made, subject, &["-CA", &chain, "-CAkey", &key, "-addext", &names]).await?;
        Ok(made)
    }

    async fn make(&self, made: &Certificate, subject: &str, more: &[&str]) -> Result<()> {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt"]);
        command.args(["ec_paramgen_curve:prime256v1", "-subj", subject]).args(more);
        command.arg("-config").arg(self.scratch.path("req.cnf"));
        command.arg("-out").arg(&made.chain).arg("-keyout").arg(&made.key);
        let done = command.output().await.map_err(Failure::of("run openssl (apt-get install openssl)"))?;
        if done.status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("openssl made no certificate: {}", String::from_utf8_lossy(&done.stderr))))
    }

    /// What makes a listener of Envoy one for TLS, with a certificate of this authority. `verified` and `required` say whether it
    /// verifies its clients' certificates with this authority's, and whether it wants one of everybody.
    pub async fn listener(&self, verified: bool, required: bool) -> Result<Value> {
        let server = self.sign("server", &format!("/CN={SERVER}"), &format!("DNS:{SERVER}")).await?;
        let own =
            json!({ "certificate_chain": { "filename": server.chain }, "private_key": { "filename": server.key } });
        let mut context = json!({ "tls_certificates": [own] });
        if verified {
            context["validation_context"] = json!({ "trusted_ca": { "filename": self.own.chain } });
        }
        Ok(json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "require_client_certificate": required,
                "common_tls_context": context
            }
        }))
    }

    /// Sends a request over TLS to a server with a certificate of this authority. The error is that there was no answer: the
    /// server has refused the client's certificate, or its own is none of this authority's.
    pub async fn send(&self, to: SocketAddr, request: &Request, shown: Option<&Certificate>) -> io::Result<Answer> {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", SERVER, "-servername", SERVER]);
        command.args([OsStr::new("-connect"), to.to_string().as_ref(), OsStr::new("-CAfile"), path(&self.own.chain)]);
        if let Some(it) = shown {
            command.args([OsStr::new("-cert"), path(&it.chain), OsStr::new("-key"), path(&it.key)]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut client = command.spawn()?;
        let mut input = client.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // A client that has been refused reads no more.
        drop(input.write_all(&request.bytes("close")).await);
        let over = timeout(PATIENCE, client.wait_with_output()).await;
        let output = over.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        drop(input);
        parse(&output.stdout).await
    }
}

fn path(path: &Path) -> &OsStr {
    path.as_os_str()
}
