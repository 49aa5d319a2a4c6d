//! Random cases for removals: a declaration, a policy, a host and the cookies that a browser holds from earlier releases.
//! Each case is computed from a number, so that a failed case can be repeated, and so that a real browser can replay it.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
)]

use hardtack::private::{Audience, Carrier, DeclaredCookie, HeaderTemplate, Lifetime, Read, Settable, ValueWriter};
use hardtack::spec::{Day, Former, FormerDomain, Prefix, Spec};
use hardtack::testing::{self, Browser};
use hardtack::{Cookie, Cookies, Policy, PolicyHandle};
use hardtack_rules::check::{Argument, find_error};
use http::HeaderMap;

/// The number of declarations. [`DECLARATIONS`] contains every combination once, in a random order.
pub(crate) const DECLARATIONS: usize = 128;
/// The number of policies, hosts and browser states for each declaration.
pub(crate) const STATES: u64 = 200;

const UNTIL: Day = match Day::parse("9999-01-01") {
    Some(day) => day,
    None => Day::parse("2000-01-01").expect("a day"),
};

const NAMES: [&str; 6] = ["__Secure-sid", "__Secure-sid", "sid", "sid", "__Http-sid", "__Host-sid"];
const DOMAINS: [Option<&str>; 4] = [None, None, Some("shop.example"), Some("app.shop.example")];
const PATHS: [&str; 4] = ["/", "/", "/app", "/app/"];
const FORMER: [&[Former<'static>]; 8] = [
    &[],
    &[],
    &[Former::new().domain(FormerDomain::HostOnly)],
    &[Former::new().domain(FormerDomain::Domain("shop.example")), Former::new().path("/old")],
    &[Former::new().name("token").until(UNTIL)],
    &[Former::new().name("token").domain(FormerDomain::HostOnly).path("/auth").until(UNTIL)],
    &[
        Former::new().domain(FormerDomain::Policy),
        Former::new().name("token").domain(FormerDomain::Policy).until(UNTIL),
    ],
    &[Former::new().partitioned(true)],
];

/// A step of the generator xorshift64.
pub(crate) const fn next_random(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

const fn declaration(index: usize) -> Spec {
    let mut random = next_random(next_random((index as u64 + 1) * 1_000_000_007));
    macro_rules! pick {
        ($list:expr) => {{
            random = next_random(random);
            $list[((random >> 20) as usize) % $list.len()]
        }};
    }
    let mut spec = Spec::new(pick!(NAMES)).explicit_name().reason("a random case");
    random = next_random(random);
    if (random >> 20).is_multiple_of(3) {
        spec = spec.policy_domain();
    } else if let Some(domain) = pick!(DOMAINS) {
        spec = spec.domain(domain);
    }
    spec = spec.path(pick!(PATHS));
    spec.formerly(pick!(FORMER))
}

static SPECS: [Spec; DECLARATIONS] = {
    let mut specs = [Spec::new("sid"); DECLARATIONS];
    let mut index = 0;
    while index < DECLARATIONS {
        specs[index] = declaration(index);
        index += 1;
    }
    specs
};

/// The cookie with the declaration `SPECS[N]`.
pub(crate) struct Declared<const N: usize>;

/// Implements the cookie trait for each index, and collects the functions that handle one request.
macro_rules! declared {
    ($($index:literal)*) => {
        $(impl DeclaredCookie for Declared<$index> {
            const DECLARED: Spec = SPECS[$index];
            const TEMPLATE: HeaderTemplate = {
                const SPEC: Spec = SPECS[$index];
                const NAME: &[u8] = &hardtack::private::join::<{ SPEC.name.len() + 1 }>(SPEC.name, "=");
                const ATTRIBUTES: &[u8] =
                    &hardtack::private::attributes::<{ hardtack::private::attributes_length(&SPEC) }>(&SPEC);
                HeaderTemplate::new(hardtack::private::text(NAME), hardtack::private::text(ATTRIBUTES))
            };
            type Access = Settable;
            type Carrier = Carrier<true>;
            type Audience = Audience<true>;
            type Lifetime = Lifetime<false>;
            fn write_value(&self, out: &mut ValueWriter) {
                out.push_str("present");
            }
            fn read_value(text: &str) -> Read<Self> {
                match text {
                    "present" => Ok(Self),
                    _ => Err(hardtack::private::InvalidValue::expected("the word `present`")),
                }
            }
        })*
        /// The functions that set and remove the cookie of each declaration.
        pub(crate) const HANDLERS: [Handlers; DECLARATIONS] = [$(Handlers::new::<Declared<$index>>(&SPECS[$index])),*];
    };
}

declared! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
    32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95
    96 97 98 99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123
    124 125 126 127
}

/// The functions of one declaration.
#[derive(Clone, Copy)]
pub(crate) struct Handlers {
    pub(crate) spec: &'static Spec,
    pub(crate) set: fn(&Cookies),
    pub(crate) remove: fn(&Cookies),
    pub(crate) is_present: fn(&Cookies) -> bool,
}

impl Handlers {
    const fn new<T>(spec: &'static Spec) -> Self
    where
        T: Cookie + Default + hardtack::AllowedOver<hardtack::Https>,
    {
        Handlers {
            spec,
            set: |cookies| cookies.set(T::default()).expect("the cookie can be set"),
            remove: |cookies| cookies.remove::<T>().expect("the cookie can be removed"),
            is_present: |cookies| cookies.get::<T>().is_some(),
        }
    }
}

impl<const N: usize> Default for Declared<N> {
    fn default() -> Self {
        Declared
    }
}

/// One case.
pub(crate) struct Case {
    pub(crate) handlers: Handlers,
    pub(crate) policy: PolicyHandle,
    /// The URL of the page that sets or removes the cookie.
    pub(crate) url: String,
    /// The browser with the cookies of earlier releases.
    pub(crate) browser: Browser,
    /// The `Set-Cookie` headers that filled the browser, each from [`Case::url`].
    #[allow(dead_code, reason = "only a replay in a real browser needs the headers")]
    pub(crate) earlier: Vec<String>,
}

/// Returns the case of a declaration and a number. Returns `None` if the declaration does not compile in an application.
pub(crate) fn case(index: usize, number: u64) -> Option<Case> {
    let handlers = *HANDLERS.get(index)?;
    let spec = handlers.spec;
    let is_valid = Argument::ALL.iter().all(|argument| find_error(spec, *argument).is_none());
    if !is_valid {
        return None;
    }
    let mut random = next_random((index as u64 + 1) * 1_000_003 + number * 7_919 + 11);
    let mut pick = |count: usize| {
        random = next_random(random);
        usize::try_from(random >> 24).unwrap_or_default() % count
    };
    let host =
        ["app.shop.example", "app.shop.example", "shop.example", "other.test", "127.0.0.1", "localhost"][pick(6)];
    let page = ["/", "/app/x", "/vault/app/x", "/old/app/x", "/auth/x"][pick(5)];
    let url = format!("https://{host}{page}");

    let cookie_domain = [None, Some("shop.example"), Some("app.shop.example")][pick(3)];
    let base_path = ["", "/vault"][pick(2)];
    let former_domains: &[&str] = [&[][..], &["none"], &["shop.example"]][pick(3)];
    let former_bases: &[&str] = [&[][..], &["/"], &["/old"]][pick(3)];
    let mut builder = Policy::builder().base_path(base_path);
    if let Some(domain) = cookie_domain {
        builder = builder.cookie_domain(domain);
    }
    let builder =
        builder.former_cookie_domain(former_domains.iter().copied()).former_base_path(former_bases.iter().copied());
    let policy = PolicyHandle::new(builder.build().expect("the policy is valid"));

    // The scopes that an earlier release of the application, or another program on the host, may have used.
    let policy_domains: Vec<Option<&str>> = core::iter::once(cookie_domain)
        .chain(former_domains.iter().map(|domain| (*domain != "none").then_some(*domain)))
        .collect();
    let bases: Vec<&str> = core::iter::once(base_path)
        .chain(former_bases.iter().map(|base| if *base == "/" { "" } else { *base }))
        .collect();
    let mut scopes: Vec<(String, Option<String>, String, bool)> = Vec::new();
    let present = Former::new();
    for former in core::iter::once(&present).chain(spec.former) {
        let domains: Vec<Option<&str>> = match former.domain_in(spec) {
            FormerDomain::Domain(domain) => vec![Some(domain)],
            FormerDomain::Policy => policy_domains.clone(),
            FormerDomain::HostOnly | FormerDomain::Declared => vec![None],
        };
        let path = former.path_in(spec);
        let paths: Vec<String> = match path {
            "/" => vec!["/".to_owned()],
            path => bases.iter().map(|base| format!("{base}{path}")).collect(),
        };
        for domain in &domains {
            for path in &paths {
                let name = former.name_in(spec).to_owned();
                scopes.push((name, domain.map(str::to_owned), path.clone(), former.partitioned_in(spec)));
            }
        }
    }
    for domain in [None, Some(host)] {
        for path in ["/".to_owned(), format!("{}{}", if spec.path == "/" { "" } else { base_path }, spec.path)] {
            scopes.push((spec.name.to_owned(), domain.map(str::to_owned), path, spec.partitioned));
        }
    }

    let mut browser = Browser::new(&url);
    let mut earlier = Vec::new();
    for (name, domain, path, partitioned) in scopes {
        if pick(3) > 0 {
            continue;
        }
        let needs_http_only = Prefix::from_name(&name).is_some_and(Prefix::needs_http_only);
        let header = format!(
            "{name}={}; Path={path}{}; Secure{}{}",
            ["present", "stale"][pick(2)],
            domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default(),
            if needs_http_only { "; HttpOnly" } else { "" },
            if partitioned { "; Partitioned" } else { "" },
        );
        browser.set(&header);
        earlier.push(header);
    }
    Some(Case { handlers, policy, url, browser, earlier })
}

impl Case {
    /// Handles a request for the page, and gives the response to the browser. Returns the response.
    pub(crate) fn request(&mut self, handle: fn(&Cookies)) -> HeaderMap {
        let cookies = Cookies::from_headers(&self.browser.visit(&self.url), testing::https()).with_policy(&self.policy);
        handle(&cookies);
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        self.browser.store(&response);
        response
    }

    /// Returns the names of the cookies that the browser sends to the page.
    pub(crate) fn sent_names(&mut self) -> Vec<String> {
        let request = self.browser.visit(&self.url);
        let Some(header) = request.get("cookie") else { return Vec::new() };
        let pairs = header.to_str().unwrap_or_default().split("; ");
        pairs.filter_map(|pair| pair.split_once('=').map(|(name, _)| name.to_owned())).collect()
    }
}
