//! Where refusals and mistakes are told: `tracing` events with the feature, else lines on standard error. Cookie
//! names, rules and evidence; never a value.

use core::fmt;

/// Tells of a request that was refused, or of a line that was held back.
#[cfg_attr(not(feature = "tower"), allow(dead_code, reason = "only a layer refuses"))]
pub(crate) fn refusal(text: fmt::Arguments<'_>) {
    tell(text);
}

/// Tells the developer of something that the program does wrong.
pub(crate) fn mistake(text: fmt::Arguments<'_>) {
    tell(text);
}

#[cfg(feature = "tracing")]
fn tell(text: fmt::Arguments<'_>) {
    tracing::warn!(target: "hardtack", "{text}");
}

#[cfg(not(feature = "tracing"))]
fn tell(text: fmt::Arguments<'_>) {
    use std::io::Write as _;
    // `eprintln!` would panic where standard error is closed.
    let _ = writeln!(std::io::stderr(), "hardtack: {text}");
}
