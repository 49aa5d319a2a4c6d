//! Code that several test binaries share: a TLS certificate, servers on loopback, HTTP clients, and temporary
//! workspaces.

pub(crate) mod client;
pub(crate) mod curl;
pub(crate) mod not_run;
pub(crate) mod server;
pub(crate) mod snippets;
pub(crate) mod tls;
pub(crate) mod workspace;
