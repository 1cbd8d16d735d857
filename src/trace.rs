//! What becomes of cookies, as events of the crate `tracing`.

use crate::listener::Received;

/// Writes an event of `tracing` about a received Set-Cookie line: a warning if it was refused, otherwise a
/// debug event. Cookie values are left out, and of the URL all but the origin.
///
/// ```
/// let jar = hardtack::SharedJar::builder().listener(hardtack::trace).build();
/// ```
pub fn trace(received: &Received<'_>) {
    let cookie = received.name.escape_ascii();
    let origin = received.request.url().origin().ascii_serialization();
    let attributes = received.attributes.trim_ascii().escape_ascii();
    match received.outcome {
        Ok(receipt) => {
            tracing::debug!(%cookie, %origin, %attributes, %receipt, "received a cookie");
        }
        Err(rejection) => {
            let (rule, why) = (rejection.name(), rejection);
            tracing::warn!(%cookie, %origin, %attributes, %rule, %why, "refused a cookie");
        }
    }
}
