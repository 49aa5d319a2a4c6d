//! The response headers that control shared caches (RFC 9111, RFC 9213).

/// The headers that some shared caches read in place of `Cache-Control`, in lower case.
pub(crate) const TARGETED_HEADERS: [&str; 9] = [
    // RFC 9213 3.1.
    "cdn-cache-control",
    "akamai-cache-control",
    "cloudflare-cdn-cache-control",
    "netlify-cdn-cache-control",
    "vercel-cdn-cache-control",
    // The Edge Architecture Specification, for example Fastly and Varnish.
    "surrogate-control",
    // Akamai.
    "edge-control",
    // nginx. The value is a number of seconds, or `@` and a time.
    X_ACCEL_EXPIRES,
    // LiteSpeed.
    "x-litespeed-cache-control",
];

/// The targeted header of nginx. Its value is not a list of directives.
pub(crate) const X_ACCEL_EXPIRES: &str = "x-accel-expires";
