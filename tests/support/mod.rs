//! What tests on real sockets share: a certificate, servers on loopback, and clients that tell what came back.

pub(crate) mod client;
pub(crate) mod curl;
pub(crate) mod not_run;
pub(crate) mod page;
pub(crate) mod server;
pub(crate) mod tls;
pub(crate) mod workspace;
