//! Received Set-Cookie lines as events of the crate `tracing`.

use crate::listener::Received;

/// Writes an event of the crate `tracing` about a received Set-Cookie line: of level `WARN` if it was
/// refused, and of level `DEBUG` otherwise. It is a [listener](crate::SharedJarBuilder::listener) of a
/// jar.
///
/// The event has the fields `cookie` (its name), `origin` and `attributes`; a refusal has `rule` and
/// `why`, and any other outcome `receipt`. Cookie values are left out, and of the URL all but the
/// origin.
///
/// ```
/// let jar = hardtack::SharedJar::builder().listener(hardtack::trace).build();
/// let url = url::Url::parse("http://shop.example/")?;
/// assert!(jar.receive("sid=31d4; Secure", &url).is_err()); // and a warning
/// # Ok::<(), url::ParseError>(())
/// ```
pub fn trace(received: &Received<'_>) {
    let cookie = received.name.escape_ascii();
    let origin = received.request.url().origin().ascii_serialization();
    let attributes = received.attributes;
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
