//! Runs the attacks with raw requests. The `Cookie` headers have the bytes that a browser sends if it stores every
//! planted cookie, except for cookies that break the rules of their prefix. The rules of the prefixes are the only help
//! that the victim's server has from the browser.

use std::net::SocketAddr;

use http::header::{COOKIE, HOST, HeaderValue, SET_COOKIE};
use tokio::runtime::Handle;

use super::attack::{self, Attack, Attacker, Client, From, Outcome, Plant, Raw, Reply, Target, When};
use super::victims::Setup;

/// Sends requests to a victim's server, as a proxy does that ends TLS.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) client: reqwest::Client,
    pub(crate) runtime: Handle,
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
}

impl Http {
    pub(crate) fn get(&self, path: &str, cookies: &[Vec<u8>]) -> Reply {
        let mut request = self.client.get(format!("http://{}{path}", self.address));
        request = request.header(HOST, &self.host).header("x-forwarded-proto", "https");
        for field in cookies {
            request = request.header(COOKIE, HeaderValue::from_bytes(field).unwrap());
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let set_cookies = response.headers().get_all(SET_COOKIE).iter();
            let set_cookies = set_cookies.map(|header| header.as_bytes().to_vec()).collect();
            let (status, cookie) = (response.status().as_u16(), cookies.join(&b"; "[..]));
            Reply { status, body: response.text().await.unwrap(), cookie, set_cookies }
        })
    }
}

impl Attacker for Http {
    fn get(&mut self, path: &str, cookie: Option<&str>) -> Reply {
        let cookie: Vec<_> = cookie.iter().map(|cookie| cookie.as_bytes().to_vec()).collect();
        Http::get(self, path, &cookie)
    }
}

/// The places of the planted cookies in the `Cookie` headers.
#[derive(Clone, Copy)]
enum Order {
    PlantedFirst,
    PlantedLast,
    /// The planted cookies come first and last.
    PlantedAround,
    /// Each cookie has its own header.
    HeadersPlantedFirst,
    HeadersPlantedLast,
}

const ORDERS: [Order; 5] = [
    Order::PlantedFirst,
    Order::PlantedLast,
    Order::PlantedAround,
    Order::HeadersPlantedFirst,
    Order::HeadersPlantedLast,
];

/// A client that stores the victim's cookies, and sends the planted pairs with them.
struct RawClient {
    http: Http,
    /// The victim's own pairs.
    own: Vec<(String, String)>,
    planted: Vec<Vec<u8>>,
    order: Order,
    is_planted: bool,
    forgets_own: bool,
}

impl RawClient {
    fn headers(&self) -> Vec<Vec<u8>> {
        let own = self.own.iter().map(|(name, value)| format!("{name}={value}").into_bytes());
        let (own, planted): (Vec<_>, _) = (own.collect(), if self.is_planted { self.planted.clone() } else { vec![] });
        let all = match self.order {
            Order::PlantedFirst | Order::HeadersPlantedFirst => [planted, own].concat(),
            Order::PlantedLast | Order::HeadersPlantedLast => [own, planted].concat(),
            Order::PlantedAround => [planted.clone(), own, planted].concat(),
        };
        match self.order {
            _ if all.is_empty() => all,
            Order::HeadersPlantedFirst | Order::HeadersPlantedLast => all,
            Order::PlantedFirst | Order::PlantedLast | Order::PlantedAround => vec![all.join(&b"; "[..])],
        }
    }

    fn store(&mut self, set_cookies: &[Vec<u8>]) {
        for header in set_cookies {
            let header = String::from_utf8_lossy(header).into_owned();
            let Some((name, value)) = header.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            self.own.retain(|(own, _)| own != name);
            if !header.to_lowercase().contains("max-age=0") {
                self.own.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

impl Client for RawClient {
    fn get(&mut self, path: &str) -> Reply {
        let reply = self.http.get(path, &self.headers());
        self.store(&reply.set_cookies);
        reply
    }

    fn plant(&mut self, _: &[Plant]) {
        self.is_planted = true;
        if self.forgets_own {
            self.own.clear();
        }
    }

    fn inject(&mut self, path: &str, setup: &Setup) -> Outcome {
        let reply = self.http.get(path, &[]);
        match reply.status {
            200 if attack::has_injection(&reply.set_cookies, setup) => Outcome::Succeeds,
            200 => Outcome::Refused,
            status => Outcome::Error(status),
        }
    }
}

/// Returns the worst outcome of the attack, over all pairs and all orders of the cookies.
pub(crate) fn worst_outcome(attack: &Attack, setup: &Setup, http: &Http) -> (Outcome, Option<Outcome>) {
    if matches!(attack.raw, Raw::BrowserOnly) {
        return (Outcome::NoRequest, attack.careless.map(|_| Outcome::NoRequest));
    }
    let mut attacker = http.clone();
    let count = pairs(attack, &attack::prepare(attack, setup, &mut attacker)).len();
    // Each pair alone, and then all pairs together. The pairs of a flood only come together.
    let single = if (2..50).contains(&count) { 0..count } else { 0..0 };
    let mut selections: Vec<_> = single.map(|number| number..number + 1).collect();
    selections.push(0..count);
    let orders = match attack.when {
        When::Anonymous => &ORDERS[..2],
        // The parsers of HTTP/1.1 accept about a hundred headers.
        _ if count > 50 => &ORDERS[..2],
        When::SignedIn | When::BeforeSignIn => &ORDERS[..],
    };
    let mut outcomes = Vec::new();
    for selection in selections {
        for order in orders {
            // An attack can change the attacker's session, so each run has a new one.
            let target = attack::prepare(attack, setup, &mut attacker);
            let planted = pairs(attack, &target)[selection.clone()].to_vec();
            let mut victim = RawClient {
                http: http.clone(),
                own: Vec::new(),
                planted,
                order: *order,
                is_planted: false,
                forgets_own: matches!(attack.raw, Raw::WithoutVictimsCookies),
            };
            outcomes.push(attack::run(attack, &target, &mut victim, &mut attacker));
        }
    }
    // No browser is involved here. If the attacker's value is not in the request, the server had nothing to refuse.
    let without_browser = |outcome| if outcome == Outcome::Blocked { Outcome::Refused } else { outcome };
    let worst = outcomes.iter().map(|(outcome, _)| without_browser(*outcome)).max().unwrap();
    (worst, outcomes.iter().filter_map(|(_, careless)| careless.map(without_browser)).max())
}

fn pairs(attack: &Attack, target: &Target<'_>) -> Vec<Vec<u8>> {
    match attack.raw {
        Raw::Pairs(pairs) => pairs(target),
        Raw::NoCookies | Raw::BrowserOnly => Vec::new(),
        Raw::Planted | Raw::WithoutVictimsCookies => planted_pairs(&(attack.plants)(target)),
    }
}

/// Returns the different pairs of the planted cookies that a browser stores: the text before the attributes.
fn planted_pairs(plants: &[Plant]) -> Vec<Vec<u8>> {
    let mut pairs = Vec::new();
    for plant in plants {
        let pair = plant.text.split(|byte| *byte == b';').next().unwrap().to_vec();
        // HTTP headers cannot contain control characters.
        let is_possible = HeaderValue::from_bytes(&pair).is_ok() && !breaks_its_prefix(plant);
        if is_possible && !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs
}

/// Returns true if the cookie breaks the rules of its prefix (RFC 6265bis, the storage model). Browsers ignore the
/// letter case of the prefix, and white space before the name.
fn breaks_its_prefix(plant: &Plant) -> bool {
    let text = String::from_utf8_lossy(&plant.text).to_lowercase();
    let (name, attributes) = (text.trim_start_matches([' ', '\t']), text.split(';').skip(1).map(str::trim));
    let attributes: Vec<&str> = attributes.collect();
    let is_https = matches!(plant.from, From::Sibling | From::OtherSite);
    let is_secure = is_https && attributes.contains(&"secure");
    let is_http_only = !plant.by_script && attributes.contains(&"httponly");
    let is_host_only = !attributes.iter().any(|attribute| attribute.starts_with("domain="));
    let is_host_bound = is_secure && is_host_only && attributes.contains(&"path=/");
    [
        ("__host-http-", is_host_bound && is_http_only),
        ("__host-", is_host_bound),
        ("__http-", is_secure && is_http_only),
        ("__secure-", is_secure),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .is_some_and(|(_, is_allowed)| !is_allowed)
}
