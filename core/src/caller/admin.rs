//! The admin: who may change the gateway itself. A caller is not, whatever it may do.

use subtle::ConstantTimeEq;

use crate::caller::proof;
use crate::config::Gateway;
use crate::error::Reject;
use crate::host::Head;
use crate::secret::digest;

/// Lets the admin pass: whoever shows the configured key as `Authorization: Bearer` or `X-Admin-Key`. Compared in constant time.
///
/// # Errors
/// [`Reject::NoAdmin`], whatever is shown, where no key is configured; [`Reject::NotAdmin`], whatever is wrong with what is shown.
pub fn admin(gateway: &Gateway, head: &Head) -> Result<(), Reject> {
    let key = gateway.admin.ok_or(Reject::NoAdmin)?;
    let shown = proof(head, "x-admin-key").ok().flatten().ok_or(Reject::NotAdmin)?;
    if key.ct_eq(&digest(shown.as_bytes())).into() { Ok(()) } else { Err(Reject::NotAdmin) }
}
