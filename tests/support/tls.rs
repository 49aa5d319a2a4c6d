//! A certificate for loopback, made in memory: what a server shows and what a client must be told to believe.

use std::error::Error;

/// A self-signed certificate and its key.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The certificate, for a client's list of roots.
    pub(crate) pem: String,
    /// Its key, for a server.
    pub(crate) key: String,
}

impl Certificate {
    /// Makes one for these names, and chooses ring for the whole process: rustls is built without a provider here.
    pub(crate) fn for_names(names: &[&str]) -> Result<Self, Box<dyn Error>> {
        // A second call finds the provider installed, which is what it wants.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names)?;
        Ok(Certificate { pem: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    /// The client's side: a builder that believes this certificate and no other, and follows nothing.
    pub(crate) fn client(&self) -> reqwest::Result<reqwest::ClientBuilder> {
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes())?;
        Ok(reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).tls_certs_only([root]))
    }
}
