//! Runs the common test scenarios on salvo, served by salvo's own listeners. Defines the salvo routes that the
//! scenarios need. The tests of salvo's own features are in `salvo/specifics.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "salvo/prefixed.rs"]
mod prefixed;
#[path = "salvo/specifics.rs"]
mod specifics;
mod suite;

use std::net::{IpAddr, Ipv4Addr};

use hardtack::salvo::PolicyHoop;
use hardtack::tls::Peer;
use routes::routes;
use salvo::conn::Acceptor;
use salvo::conn::rustls::{Keycert, RustlsConfig};
use salvo::prelude::{Depot, FlowCtrl, Handler, Listener as _, Request, Response, Server, Service, TcpListener};
use suite::tls::Certificate;
use suite::{Framework, RunningServer, Setup, chromium, load, run_all_scenarios};

struct Salvo;

impl Framework for Salvo {
    const NAME: &'static str = "salvo";

    async fn serve(setup: Setup) -> RunningServer {
        let hoop = |policy| PolicyHoop::new(policy, setup.tls_termination.clone());
        // salvo runs middleware (salvo calls it a hoop) in the order of addition. So the code adds the outermost policy
        // first.
        let hoops = setup.policies.into_iter().rev().map(hoop);
        let service = match setup.peer {
            Some(peer) => Service::new(routes()).hoop(PeerHoop(peer)),
            None => Service::new(routes()),
        };
        serve(hoops.fold(service, Service::hoop), setup.certificate).await
    }
}

/// Sets the address that the policy sees as the peer's address.
struct PeerHoop(IpAddr);

#[salvo::async_trait]
impl Handler for PeerHoop {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        req.extensions_mut().insert(Peer(self.0));
        ctrl.call_next(req, depot, res).await;
    }
}

async fn serve(service: Service, tls: Option<Certificate>) -> RunningServer {
    let socket = TcpListener::new((Ipv4Addr::LOCALHOST, 0));
    match tls {
        Some(certificate) => {
            let keycert = Keycert::new().cert(certificate.pem).key(certificate.key);
            run(socket.rustls(RustlsConfig::new(keycert)).bind().await, service)
        }
        None => run(socket.bind().await, service),
    }
}

fn run(acceptor: impl Acceptor + 'static, service: Service) -> RunningServer {
    let address = acceptor.holdings()[0].local_addr.clone().into_std().unwrap();
    // When a test aborts the server's task, salvo's connections are closed too.
    let server = tokio::spawn(Server::new(acceptor).serve(service));
    RunningServer::new(address, move || server.abort())
}

/// The routes have their own module. For each handler, salvo creates a type with the handler's name. So a variable with
/// the same name does not compile in the module of the handler.
mod routes {
    use std::convert::Infallible;

    use hardtack::device_bound::Bound;
    use hardtack::salvo::{Error, MaybeHttps};
    use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SetError};
    use salvo::http::ResBody;
    use salvo::http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
    use salvo::prelude::{Request, Response, Router, StatusError, Writer, handler};

    use super::suite::{Account, Session, SiteCookies, handlers, load};

    pub(crate) fn routes() -> Router {
        let at = Router::with_path;
        Router::new()
            .push(at("set").get(set))
            .push(at("get").get(get))
            .push(at("cart").get(cart))
            .push(at("seal").get(seal))
            .push(at("unseal").get(unseal))
            .push(at("pay").get(pay))
            .push(at("remove").get(remove))
            .push(at("last").get(last))
            .push(at("many").get(many))
            .push(at("vary").get(vary))
            .push(at("maybe").get(maybe))
            .push(at("step/{n}").get(step))
            .push(at("site").get(site))
            .push(at("either").get(either))
            .push(at("banner").get(banner))
            .push(at("proof").get(proof))
            .push(at("strict").get(strict))
            .push(at("fails").get(fails))
            .push(at("too-large").get(too_large))
            .push(at("undeclared").get(undeclared))
            .push(at("by-hand").get(by_hand))
            .push(at("hsts").get(hsts))
            .push(at("late").get(late))
            .push(at("health").get(health))
            .push(at("load/{n}").get(under_load))
            .push(at("large/{n}").get(large))
            .push(at("lots/{n}").get(lots))
            .push(at("panic/{n}").get(panics))
            .push(at("api").push(at("me").get(me)))
    }

    #[handler]
    async fn set(cookies: Cookies) -> Result<&'static str, SetError> {
        handlers::set(&cookies)
    }

    #[handler]
    async fn get(cookies: Cookies) -> Result<String, ReadError> {
        handlers::get(&cookies)
    }

    #[handler]
    async fn cart(cookies: Cookies) -> Result<String, ReadError> {
        handlers::cart(&cookies)
    }

    #[handler]
    async fn seal(cookies: Cookies) -> Result<(), SetError> {
        handlers::seal(&cookies)
    }

    #[handler]
    async fn unseal(cookies: Cookies) -> Result<String, ReadError> {
        handlers::unseal(&cookies)
    }

    #[handler]
    async fn pay(account: Bound<Account>) -> String {
        handlers::pay(&account)
    }

    #[handler]
    async fn remove(cookies: Cookies) -> Result<(), SetError> {
        handlers::remove(&cookies)
    }

    #[handler]
    async fn last(cookies: Cookies) -> Result<(), SetError> {
        handlers::last(&cookies)
    }

    #[handler]
    async fn many(cookies: SiteCookies) -> Result<(), SetError> {
        handlers::many(&cookies)
    }

    #[handler]
    async fn vary(cookies: SiteCookies) -> Result<(), SetError> {
        handlers::vary(&cookies)
    }

    #[handler]
    async fn site(cookies: SiteCookies) -> Result<String, ReadError> {
        handlers::site(&cookies)
    }

    #[handler]
    async fn either(cookies: Cookies<AnyScheme>) -> Result<String, SetError> {
        handlers::either(&cookies)
    }

    #[handler]
    async fn banner(cookies: Cookies<PlainHttp>) -> Result<(), SetError> {
        handlers::banner(&cookies)
    }

    #[handler]
    async fn proof(https: MaybeHttps) -> &'static str {
        handlers::proof(https.0)
    }

    // salvo has no optional extractors.
    #[handler]
    async fn maybe(cookies: Cookies<AnyScheme>) -> String {
        handlers::maybe(cookies.https().ok())
    }

    #[handler]
    async fn step(req: &mut Request, cookies: Cookies) -> String {
        handlers::step(&cookies, number(req))
    }

    #[handler]
    async fn strict(_https: Https) -> &'static str {
        "https"
    }

    #[handler]
    async fn fails(cookies: Cookies) -> Result<(), StatusError> {
        cookies.set(Session::new()).map_err(|_| StatusError::im_a_teapot())?;
        Err(StatusError::internal_server_error())
    }

    #[handler]
    async fn too_large(cookies: Cookies) -> Result<(), SetError> {
        handlers::too_large(&cookies)
    }

    pub(crate) fn append_set_cookie(res: &mut Response, value: &'static str) {
        res.headers_mut().append(SET_COOKIE, HeaderValue::from_static(value));
    }

    #[handler]
    async fn undeclared(res: &mut Response) -> &'static str {
        append_set_cookie(res, "PHPSESSID=3f9a; path=/forum");
        append_set_cookie(res, "seen=1");
        res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        "from the forum"
    }

    #[handler]
    async fn by_hand(res: &mut Response) -> &'static str {
        append_set_cookie(res, "legacy=1; Secure");
        "from old code"
    }

    #[handler]
    async fn hsts(res: &mut Response) {
        res.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=1"));
    }

    #[handler]
    async fn late(cookies: Cookies, res: &mut Response) {
        res.body(ResBody::stream(futures_util::stream::once(
            async move { Ok::<_, Infallible>(handlers::late(&cookies)) },
        )));
    }

    #[handler]
    async fn me(cookies: Cookies) -> Result<&'static str, SetError> {
        handlers::me(&cookies)
    }

    fn number(req: &Request) -> u32 {
        req.param("n").unwrap()
    }

    #[handler]
    async fn under_load(req: &mut Request, site_cookies: SiteCookies, cookies: Cookies) -> Result<String, Error> {
        let read = load::read(&site_cookies, &cookies)?;
        load::pause(number(req)).await;
        load::set(&site_cookies, &cookies, number(req))?;
        Ok(read)
    }

    #[handler]
    async fn large(req: &mut Request, cookies: Cookies) -> Result<String, SetError> {
        cookies.set(load::session(number(req)))?;
        Ok(load::large())
    }

    #[handler]
    async fn lots(req: &mut Request, site_cookies: SiteCookies) -> Result<(), SetError> {
        load::set_lots(&site_cookies, number(req))
    }

    #[handler]
    async fn panics(req: &mut Request, cookies: Cookies) -> Result<(), SetError> {
        cookies.set(load::session(number(req)))?;
        load::panics()
    }

    #[handler]
    pub(crate) async fn health() -> &'static str {
        "up"
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn salvo_passes_all_scenarios() {
    run_all_scenarios::<Salvo>().await;
}

#[test]
fn salvo_refreshes_sessions_of_chromium() {
    chromium::proves_its_device::<Salvo>();
}

#[test]
fn salvo_holds_under_load() {
    load::under_load::<Salvo>();
}
