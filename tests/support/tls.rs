//! Makes a self-signed certificate for loopback in memory. The test servers use the certificate, and the test clients
//! trust the certificate.

use std::error::Error;

/// A self-signed certificate and its key.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The certificate in PEM, for a client's root store.
    pub(crate) pem: String,
    /// The private key in PEM, for a server.
    pub(crate) key: String,
}

impl Certificate {
    /// Makes a certificate for the given names. Our build of rustls has no default crypto provider. So the function
    /// also installs ring as the crypto provider of the process.
    pub(crate) fn for_names(names: &[&str]) -> Result<Self, Box<dyn Error>> {
        // Ignore an error of `install_default`, because an earlier call may have installed the crypto provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let generated = rcgen::generate_simple_self_signed(names)?;
        Ok(Certificate { pem: generated.cert.pem(), key: generated.signing_key.serialize_pem() })
    }

    /// Returns the builder of a client that trusts only this certificate and follows no redirects.
    pub(crate) fn client(&self) -> reqwest::Result<reqwest::ClientBuilder> {
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes())?;
        Ok(reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).tls_certs_only([root]))
    }
}
