//! The victims: one application for each way to keep a session. Each victim is an HTTP server on loopback, behind a
//! proxy that ends TLS.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum_server::Handle;
use hardtack::axum_server::MarkedAcceptor;
use hardtack::policy::{Hsts, PolicyBuilder};
use hardtack::{Policy, PolicyHandle, TlsTermination, TrustedProxies};

#[path = "victims/actix.rs"]
mod actix;
#[path = "victims/declared.rs"]
mod declared;
#[path = "victims/poem.rs"]
mod poem;
#[path = "victims/rocket.rs"]
mod rocket;
#[path = "victims/salvo.rs"]
mod salvo;
#[path = "victims/tower_sessions.rs"]
mod tower_sessions;

/// The names of the session cookie and of the token cookie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Names {
    pub(crate) session: &'static str,
    pub(crate) token: &'static str,
}

/// The names that the libraries use.
pub(crate) const BARE: Names = Names { session: "id", token: "token" };
/// Names with a prefix that the application itself has chosen, without hardtack.
const BY_HAND: Names = Names { session: "__Host-id", token: "__Host-token" };
/// The names that browsers see if the policy has `host_prefix`.
const PREFIXED: Names = Names { session: "__Host-Http-id", token: "__Host-Http-token" };

/// A group of setups. The table of results has one group after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Cookies that are declared with hardtack.
    Declared,
    /// Cookies that are declared with hardtack and have a `Domain`.
    DeclaredWithDomain,
    /// The session libraries without hardtack.
    Library,
    /// The session libraries without hardtack. The application has given the cookies a prefix.
    LibraryWithPrefixByHand,
    /// The session libraries behind the policy with `host_prefix`.
    BehindPolicy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    TowerSessions,
    Actix,
    Rocket,
    Poem,
    Salvo,
}

impl Library {
    const ALL: [Library; 5] = [Library::TowerSessions, Library::Actix, Library::Rocket, Library::Poem, Library::Salvo];

    fn name(self) -> &'static str {
        match self {
            Library::TowerSessions => "tower-sessions",
            Library::Actix => "actix-session",
            Library::Rocket => "Rocket's private cookies",
            Library::Poem => "poem's sessions",
            Library::Salvo => "salvo's sessions",
        }
    }
}

/// A victim.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setup {
    pub(crate) group: Group,
    /// The row of the table of results.
    pub(crate) row: String,
    /// The victim's registrable domain. The victim's host and the sibling host are subdomains.
    pub(crate) domain: String,
    /// The names in the browser.
    pub(crate) names: Names,
    library: Option<Library>,
    is_sealed: bool,
}

/// Returns all setups, in the order of the table.
pub(crate) fn setups() -> Vec<Setup> {
    let declared = |row: &str, domain: &str, group, names, is_sealed| Setup {
        group,
        row: row.to_owned(),
        domain: domain.to_owned(),
        names,
        library: None,
        is_sealed,
    };
    let mut setups = vec![
        declared("declared", "declared.example", Group::Declared, declared::HOST_ONLY, false),
        declared("declared, sealed", "sealed.example", Group::Declared, declared::HOST_ONLY, true),
        declared("with a Domain", "wide.example", Group::DeclaredWithDomain, declared::WITH_DOMAIN, false),
        declared(
            "with a Domain, sealed",
            "wide-sealed.example",
            Group::DeclaredWithDomain,
            declared::WITH_DOMAIN,
            true,
        ),
    ];
    for (group, names, addition, slug) in [
        (Group::Library, BARE, "", ""),
        (Group::LibraryWithPrefixByHand, BY_HAND, ", `__Host-id`", "-by-hand"),
        (Group::BehindPolicy, PREFIXED, ", host_prefix", "-prefixed"),
    ] {
        setups.extend(Library::ALL.map(|library| Setup {
            group,
            row: format!("{}{addition}", library.name()),
            domain: format!("{}{slug}.example", format!("{library:?}").to_lowercase()),
            names,
            library: Some(library),
            is_sealed: false,
        }));
    }
    setups
}

impl Setup {
    /// The victim's host. The victim's server uses HTTP/1.1, so all cookies are in one header.
    pub(crate) fn victim(&self) -> String {
        format!("app.{}", self.domain)
    }

    /// A second host of the victim. Its server uses HTTP/2, so a browser can send each cookie in its own header.
    pub(crate) fn victim_over_http2(&self) -> String {
        format!("h2.{}", self.domain)
    }

    /// The host that the attacker controls.
    pub(crate) fn sibling(&self) -> String {
        format!("evil.{}", self.domain)
    }

    /// Starts the victim's server.
    pub(crate) async fn serve(&self) -> Running {
        let Some(library) = self.library else {
            let domain = (self.group == Group::DeclaredWithDomain).then(|| self.domain.clone());
            return declared::serve(self.is_sealed, domain).await;
        };
        let (names, policy) = match self.group {
            Group::BehindPolicy => (BARE, Some(policy().host_prefix([BARE.session, BARE.token]).build().unwrap())),
            _ => (self.names, None),
        };
        match library {
            Library::TowerSessions => tower_sessions::serve(names, policy).await,
            Library::Actix => actix::serve(names, policy).await,
            Library::Rocket => rocket::serve(names, policy).await,
            Library::Poem => poem::serve(names, policy).await,
            Library::Salvo => salvo::serve(names, policy).await,
        }
    }
}

/// A running server. The server stops when the `Running` is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Running {
    fn new(address: SocketAddr, stop: impl FnOnce() + Send + Sync + 'static) -> Running {
        Running { address, stop: Some(Box::new(stop)) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

fn policy() -> PolicyBuilder {
    // The attacker answers plain HTTP requests, so the browser must not learn HSTS.
    Policy::builder().hsts(Hsts::off()).on_event(|_| {})
}

fn behind_proxy() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1", "::1"]).unwrap())
}

async fn serve_axum(app: Router, policy: Option<Policy>) -> Running {
    let app = match policy {
        Some(policy) => app.layer(PolicyHandle::new(policy).layer(behind_proxy())),
        None => app,
    };
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let (address, stop) = (socket.local_addr().unwrap(), Handle::new());
    let server = axum_server::from_tcp(socket).unwrap().acceptor(MarkedAcceptor::plain()).handle(stop.clone());
    tokio::spawn(server.serve(app.into_make_service_with_connect_info::<SocketAddr>()));
    Running::new(address, move || stop.shutdown())
}
