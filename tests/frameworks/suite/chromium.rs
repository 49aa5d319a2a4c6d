//! Signs a user in with Chromium, so that Chromium registers a key and refreshes the companion. `tests/browsers` has
//! the other scenarios of device-bound sessions, with axum. The site is `https://localhost`, which Chromium reaches
//! without a proxy.

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../support/browser.rs"]
mod browser;
#[path = "../../support/not_run.rs"]
mod not_run;

/// The part of `tests/support/network.rs` that a browser on loopback needs.
mod network {
    use std::net::{Ipv4Addr, SocketAddr};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    use super::super::tls::Certificate;

    pub(super) struct Network {
        pub(super) authority: Authority,
        pub(super) proxy: SocketAddr,
    }

    /// A certificate authority that the browser trusts.
    pub(super) struct Authority {
        /// The authority's own certificate in PEM.
        pub(super) pem: String,
    }

    impl Network {
        /// Returns a network without a proxy, and the certificate of the server on `localhost`.
        pub(super) fn new() -> (Network, Certificate) {
            let (key, server_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
            let mut parameters = CertificateParams::default();
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let pem = parameters.self_signed(&key).unwrap().pem();
            let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            let server = server.signed_by(&server_key, &Issuer::new(parameters, key)).unwrap();
            // Nothing listens on port 1, so requests to other hosts fail.
            let network = Network { authority: Authority { pem }, proxy: (Ipv4Addr::LOCALHOST, 1).into() };
            (network, Certificate { pem: server.pem(), key: server_key.serialize_pem() })
        }
    }
}

use hardtack::policy::Hsts;
use hardtack::{Policy, PolicyHandle, TlsTermination, testing};
use tokio::runtime::Runtime;

use super::handlers::step_path;
use super::{Framework, Setup};
use browser::{Browser, Kind};
use network::Network;

const FEATURES: &str =
    "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting";
const COMPANION: &str = "__Host-account-key";

/// Chromium's events are the same in each framework. They are the evidence that Chromium registered its key, because a
/// failed registration shows nothing in the page.
pub(crate) fn proves_its_device<F: Framework>() {
    // Our build of rustls has no default crypto provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (network, certificate) = Network::new();
    let Some(browser) = Browser::start_with(Kind::Chromium, &network, &[FEATURES]) else { return };
    let runtime = Runtime::new().unwrap();
    let policy = Policy::builder().keyring(testing::keyring()).hsts(Hsts::off()).on_event(|_| {}).build().unwrap();
    let server = runtime.block_on(F::serve(Setup {
        policies: vec![PolicyHandle::new(policy)],
        tls_termination: TlsTermination::per_connection(),
        peer: None,
        certificate: Some(certificate),
    }));
    let url = |path: &str| format!("https://localhost:{}{path}", server.address.port());
    let tab = browser.tab();
    tab.watch_sessions();
    tab.navigate(&url("/health")).unwrap();

    tab.fetch(&step_path("set account"));
    assert_eq!(tab.session_events(2), ["challenge:NoSessionMatch", "creation:Success"], "{}", F::NAME);
    let names = |tab: &browser::Tab<'_>| tab.cookies().into_iter().map(|cookie| cookie.name).collect::<Vec<_>>();
    assert_eq!(names(&tab), ["__Host-Http-account", COMPANION]);
    let expected = (200, "ada pays".to_owned());
    assert_eq!(tab.fetch("/pay"), expected, "{}", F::NAME);
    assert!(tab.session_events(0).is_empty(), "{}: a request with the companion causes no refresh", F::NAME);

    tab.remove_cookie(COMPANION, &url("/"));
    assert_eq!(tab.fetch("/pay"), expected, "{}", F::NAME);
    assert_eq!(tab.session_events(2), ["challenge:Success", "refresh:Refreshed/Success"], "{}", F::NAME);

    tab.fetch(&step_path("remove account"));
    assert!(names(&tab).is_empty(), "{}: {:?}", F::NAME, names(&tab));
}
