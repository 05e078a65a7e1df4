//! Who may ask: the part of the configuration about callers.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ConfigError, raw};
use crate::caller::certificate::Identity;
use crate::caller::cidr::Cidr;
use crate::caller::rate::Rate;
use crate::caller::{Caller, JwtKey, Permission};
use crate::limits;
use crate::secret::{Secret, digest, hex};

/// What no two callers may share.
#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    /// Their digests in hexadecimal: one more type of set would be 3 kB of code.
    keys: BTreeSet<String>,
    kids: BTreeSet<String>,
    identities: BTreeSet<String>,
}

/// Reads the callers; `known` says whether there is, or can be, an app of a name.
pub(super) fn read(raw: Vec<raw::Caller>, known: &dyn Fn(&str) -> bool) -> Result<Vec<Caller>, ConfigError> {
    let mut taken = Taken::default();
    let all = raw.into_iter().enumerate();
    all.map(|(at, it)| one(&format!("callers[{at}]"), it, known, &mut taken)).collect()
}

fn one(path: &str, raw: raw::Caller, known: &dyn Fn(&str) -> bool, taken: &mut Taken) -> Result<Caller, ConfigError> {
    let wrong = |field: &str, why: &str| ConfigError::new(&format!("{path}.{field}"), why);
    if raw.name.is_empty() || !taken.names.insert(raw.name.clone()) {
        return Err(wrong("name", "is empty or another caller's: give each its own"));
    }
    if raw.key.is_none() && raw.jwt.is_none() && raw.ips.is_empty() && raw.mtls.is_empty() {
        return Err(ConfigError::new(path, "has nothing to be known by: give it a key, a jwt, mtls or ips"));
    }
    if let Some(at) = raw.apps.iter().flatten().position(|it| !known(it)) {
        return Err(wrong(&format!("apps[{at}]"), "names an app that is not in apps"));
    }
    if raw.app.as_ref().is_some_and(|it| !known(it)) {
        return Err(wrong("app", "names an app that is not in apps"));
    }
    let may_use = |app: &String| raw.apps.as_ref().is_none_or(|it| it.contains(app));
    if raw.app.as_ref().is_some_and(|it| !may_use(it)) {
        return Err(wrong("app", "is not among the apps that it may use"));
    }
    let rate = match &raw.rate {
        Some(text) => {
            Some(Rate::parse(text).ok_or_else(|| wrong("rate", "is no rate: write 50/s, 1000/m or 20000/h"))?)
        }
        None => None,
    };
    Ok(Caller {
        key: key(&format!("{path}.key"), raw.key, taken)?,
        jwt: jwt(path, raw.jwt, taken)?,
        mtls: mtls(path, raw.mtls, taken)?,
        ips: ips(path, &raw.ips)?,
        name: raw.name,
        app: raw.app,
        apps: raw.apps.map(set),
        may: raw.may.unwrap_or_else(|| alloc::vec![Permission::Token, Permission::Ticket]),
        links: rate.clone(),
        rate,
    })
}

/// One by one: to collect them would sort them first, by 3 kB of code.
fn set(names: Vec<String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    all.extend(names);
    all
}

fn key(path: &str, key: Option<String>, taken: &mut Taken) -> Result<Option<[u8; 32]>, ConfigError> {
    let Some(key) = key else { return Ok(None) };
    let digest = sendable(path, &key)?;
    if !taken.keys.insert(hex(&digest)) {
        return Err(ConfigError::new(path, "is another caller's: give each its own"));
    }
    Ok(Some(digest))
}

/// The digest of a key that is sent as it is.
pub(super) fn sendable(path: &str, key: &str) -> Result<[u8; 32], ConfigError> {
    long_enough(path, key)?;
    if !key.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(ConfigError::new(path, "cannot be sent in a header: use printable ASCII without blanks"));
    }
    Ok(digest(key.as_bytes()))
}

fn jwt(path: &str, jwt: Option<raw::Jwt>, taken: &mut Taken) -> Result<Option<JwtKey>, ConfigError> {
    let Some(raw::Jwt { kid, key }) = jwt else { return Ok(None) };
    if kid.is_empty() || !taken.kids.insert(kid.clone()) {
        let path = format!("{path}.jwt.kid");
        return Err(ConfigError::new(&path, "is empty or another caller's: give each its own"));
    }
    long_enough(&format!("{path}.jwt.key"), &key)?;
    Ok(Some(JwtKey { kid, key: Secret::new(key) }))
}

fn long_enough(path: &str, key: &str) -> Result<(), ConfigError> {
    if key.len() < limits::API_KEY_MIN {
        return Err(ConfigError::new(path, "is shorter than 16 bytes: make one with `openssl rand -hex 16`"));
    }
    Ok(())
}

fn mtls(path: &str, mtls: Vec<String>, taken: &mut Taken) -> Result<Vec<Identity>, ConfigError> {
    let mut all = Vec::new();
    for (at, it) in mtls.into_iter().enumerate() {
        let wrong = |why| ConfigError::new(&format!("{path}.mtls[{at}]"), why);
        let why = "is no name that can be compared: write one URI, DNS name or subject, exactly and without *";
        all.push(Identity::parse(&it).ok_or_else(|| wrong(why))?);
        if !taken.identities.insert(it) {
            return Err(wrong("is another caller's: give each its own"));
        }
    }
    Ok(all)
}

fn ips(path: &str, ips: &[String]) -> Result<Vec<Cidr>, ConfigError> {
    let read = ips.iter().enumerate().map(|(at, it)| {
        let why = "is no address block: write 10.0.0.0/8, 2001:db8::/32 or one address";
        Cidr::parse(it).ok_or_else(|| ConfigError::new(&format!("{path}.ips[{at}]"), why))
    });
    read.collect()
}
