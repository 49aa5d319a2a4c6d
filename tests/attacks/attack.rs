//! The parts of an attack: the goal, the cookies that the attacker plants, and the possible outcomes. The function
//! `run` runs one attack against one victim, with raw requests or with a browser.

use super::victims::{BARE, Group, Setup};

/// One attack of the record. Each attack has a row in the table of results for each setup, and a section on the page
/// "Known attacks" of the guide.
pub(crate) struct Attack {
    /// The usual name. The heading of the section on the guide's page is the same.
    pub(crate) name: &'static str,
    /// The file of this attack in `tests/attacks/record`. The section on the guide's page names the file.
    pub(crate) file: &'static str,
    /// The actions of the attacker, for the table of results.
    pub(crate) summary: &'static str,
    pub(crate) goal: Goal,
    pub(crate) when: When,
    pub(crate) plants: fn(&Target<'_>) -> Vec<Plant>,
    pub(crate) raw: Raw,
    /// True if the browser visits the victim's host with HTTP/2.
    pub(crate) over_http2: bool,
    /// True if the attack also runs against libraries whose cookies the application has named `__Host-…`.
    pub(crate) by_hand: bool,
    /// A parser that the attack deceives. The parsers of the five frameworks may all be immune.
    pub(crate) careless: Option<Careless>,
    /// The reason why the attack succeeds nowhere.
    pub(crate) no_control: Option<&'static str>,
}

/// The attack that the files in `record` complete: the victim is signed in, and the attacker wants the session.
pub(crate) const ATTACK: Attack = Attack {
    name: "",
    file: "",
    summary: "",
    goal: Goal::Session,
    when: When::SignedIn,
    plants: |_| Vec::new(),
    raw: Raw::Planted,
    over_http2: false,
    by_hand: false,
    careless: None,
    no_control: None,
};

/// The result that the attacker wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The victim works in the attacker's session.
    Session,
    /// The attacker's copy of a session without a user becomes a session of the victim.
    Fixation,
    /// The victim's session has a CSRF token that the attacker knows.
    SessionToken,
    /// The victim's token cookie has a CSRF token that the attacker knows.
    TokenCookie,
    /// The victim is signed out.
    Absence,
    /// The application writes the attacker's text into a cookie. The text changes the cookie's attributes or adds a
    /// header.
    Injection(&'static [&'static str]),
}

/// The time of the planting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The victim is signed in when the attacker plants cookies.
    SignedIn,
    /// The victim signs in after the planting.
    BeforeSignIn,
    /// The victim does not sign in.
    Anonymous,
}

/// The cookies in raw requests.
pub(crate) enum Raw {
    /// The pairs of [`Attack::plants`], as a browser sends them that stores every cookie unchanged.
    Planted,
    Pairs(fn(&Target<'_>) -> Vec<Vec<u8>>),
    /// As `Planted`, but the request contains none of the victim's own cookies.
    WithoutVictimsCookies,
    /// The attack needs no cookie in a request.
    NoCookies,
    /// The attack consists of the storing in a browser.
    BrowserOnly,
}

/// The victim of an attack, and the values that the attacker has prepared.
pub(crate) struct Target<'a> {
    pub(crate) setup: &'a Setup,
    /// The name of the attacked cookie in the browser.
    pub(crate) name: &'a str,
    /// The name of the attacked cookie in the application.
    pub(crate) bare: &'a str,
    /// The value of the attacker's own cookie. The value is valid.
    pub(crate) value: String,
    /// The attacker's CSRF token, if the attack needs one.
    pub(crate) token: String,
}

impl<'a> Target<'a> {
    pub(crate) fn new(attack: &Attack, setup: &'a Setup, value: String, token: String) -> Target<'a> {
        let is_token = attack.goal == Goal::TokenCookie;
        let (name, bare) = if is_token { (setup.names.token, BARE.token) } else { (setup.names.session, BARE.session) };
        Target { setup, name, bare, value, token }
    }

    /// The names that the attacker tries: the name in the browser, and the name in the application.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = vec![self.name.to_owned(), self.bare.to_owned()];
        names.dedup();
        names
    }
}

/// A cookie that the attacker plants.
#[derive(Clone, Debug)]
pub(crate) struct Plant {
    pub(crate) from: From,
    /// The value of the `Set-Cookie` header, or the text that a script assigns to `document.cookie`.
    pub(crate) text: Vec<u8>,
    pub(crate) by_script: bool,
}

/// The page that plants a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// A host of the same site, over HTTPS.
    Sibling,
    /// The attacker answers in place of the victim's host, over plain HTTP.
    PlainHttp,
    /// A host of the same site, over plain HTTP.
    PlainSibling,
    /// A host of another site, over HTTPS.
    OtherSite,
}

impl From {
    pub(crate) const ALL: [From; 4] = [From::Sibling, From::PlainHttp, From::PlainSibling, From::OtherSite];

    pub(crate) fn sends(self, text: impl Into<Vec<u8>>) -> Plant {
        Plant { from: self, text: text.into(), by_script: false }
    }

    /// Plants the cookie by a header and by a script.
    pub(crate) fn sends_and_writes(self, text: impl Into<Vec<u8>>) -> [Plant; 2] {
        let text = text.into();
        [self.sends(text.clone()), Plant { from: self, text, by_script: true }]
    }
}

/// A parser of the `Cookie` header that makes a known mistake. Returns the value of the cookie with the given name.
#[derive(Clone, Copy)]
pub(crate) struct Careless {
    /// The row of the table of results.
    pub(crate) row: &'static str,
    pub(crate) read: fn(header: &[u8], name: &str) -> Option<Vec<u8>>,
}

/// The outcome of an attack, from the best to the worst for the victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The attack does not consist of requests.
    NoRequest,
    /// The browser did not store the attacker's cookie, or did not send it.
    Blocked,
    /// The server did not use the attacker's cookie.
    Refused,
    /// The victim is signed out, and can sign in again.
    SignedOut,
    /// The victim is signed out, and cannot sign in again while the attacker's cookie is in the browser.
    LockedOut,
    /// The server responds with an error.
    Error(u16),
    Succeeds,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::NoRequest => f.write_str("-"),
            Outcome::Blocked => f.write_str("blocked by the browser"),
            Outcome::Refused => f.write_str("refused"),
            Outcome::SignedOut => f.write_str("signed out"),
            Outcome::LockedOut => f.write_str("locked out"),
            Outcome::Error(status) => write!(f, "error {status}"),
            Outcome::Succeeds => f.write_str("succeeds"),
        }
    }
}

/// A response to the victim.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The `Cookie` headers of the request, joined with `; `.
    pub(crate) cookie: Vec<u8>,
    /// The `Set-Cookie` headers of the response.
    pub(crate) set_cookies: Vec<Vec<u8>>,
}

/// The victim's client.
pub(crate) trait Client {
    /// Visits a page of the victim's host.
    fn get(&mut self, path: &str) -> Reply;

    /// Receives the attacker's cookies.
    fn plant(&mut self, plants: &[Plant]);

    /// Visits a page that writes the attacker's text into a cookie.
    fn inject(&mut self, path: &str, setup: &Setup) -> Outcome;
}

/// Returns true if the attacker's text added an attribute `Domain`, or a header.
pub(crate) fn has_injection(set_cookies: &[Vec<u8>], setup: &Setup) -> bool {
    let own_domains = usize::from(setup.group == Group::DeclaredWithDomain);
    set_cookies.iter().any(|header| {
        let header = String::from_utf8_lossy(header).to_lowercase();
        let domains = header.split(';').skip(1).filter(|attribute| attribute.trim().starts_with("domain="));
        domains.count() > own_domains || header.starts_with("injected=")
    })
}

/// The attacker's client. It has its own cookies.
pub(crate) trait Attacker {
    /// Visits a page of the victim's host with the given cookie, and returns the body.
    fn get(&mut self, path: &str, cookie: Option<&str>) -> Reply;
}

/// Prepares the values that the attacker plants.
pub(crate) fn prepare<'a>(attack: &Attack, setup: &'a Setup, attacker: &mut dyn Attacker) -> Target<'a> {
    let path = match attack.goal {
        Goal::Session | Goal::Absence | Goal::Injection(_) => "/sign-in/eve",
        Goal::Fixation => "/visit",
        Goal::SessionToken => "/form",
        Goal::TokenCookie => "/token-form",
    };
    let reply = attacker.get(path, None);
    let mut target = Target::new(attack, setup, String::new(), reply.body);
    let start = format!("{}=", target.name);
    let headers: Vec<_> = reply.set_cookies.iter().map(|header| String::from_utf8_lossy(header)).collect();
    let header = headers.iter().find(|header| header.starts_with(&start));
    let header = header.unwrap_or_else(|| panic!("{}, {}: no cookie in {headers:?}", attack.name, setup.row));
    target.value = header[start.len()..].split(';').next().unwrap().to_owned();
    target
}

/// Runs an attack, and returns the outcome for the victim. Also returns the outcome for a careless parser.
pub(crate) fn run(
    attack: &Attack,
    target: &Target<'_>,
    victim: &mut dyn Client,
    attacker: &mut dyn Attacker,
) -> (Outcome, Option<Outcome>) {
    let plants = (attack.plants)(target);
    let mut careless = None;
    let outcome = match attack.goal {
        Goal::Session | Goal::Absence => {
            if attack.when == When::SignedIn {
                assert_eq!(victim.get("/sign-in/ada").status, 200, "{}, {}", attack.name, target.setup.row);
            }
            victim.plant(&plants);
            let who = match attack.when {
                When::BeforeSignIn => signs_in(victim, "/sign-in/ada"),
                When::SignedIn | When::Anonymous => victim.get("/who"),
            };
            careless = attack.careless.map(|careless| careless_outcome(careless, target, &who));
            let expected = if attack.when == When::Anonymous { "signed out" } else { "ada" };
            judge(&who, expected, is_sent(&who, target), victim, "/sign-in/ada")
        }
        Goal::Fixation => {
            victim.plant(&plants);
            let before = victim.get("/who");
            let who = signs_in(victim, "/log-in/ada");
            let copy = format!("{}={}", target.name, target.value);
            if attacker.get("/who", Some(&copy)).body == "ada" {
                Outcome::Succeeds
            } else {
                judge(&who, "ada", is_sent(&before, target), victim, "/log-in/ada")
            }
        }
        Goal::SessionToken => {
            victim.plant(&plants);
            let before = victim.get("/who");
            let who = signs_in(victim, "/sign-in/ada");
            match victim.get(&format!("/pay/{}", target.token)) {
                reply if reply.status == 200 => Outcome::Succeeds,
                _ => judge(&who, "ada", is_sent(&before, target), victim, "/sign-in/ada"),
            }
        }
        Goal::TokenCookie => {
            victim.get("/sign-in/ada");
            victim.get("/token-form");
            victim.plant(&plants);
            let forged = victim.get(&format!("/token-pay/{}", target.token));
            if forged.status == 200 {
                Outcome::Succeeds
            } else if forged.status != 403 {
                Outcome::Error(forged.status)
            } else {
                let own = victim.get("/token-form").body;
                match victim.get(&format!("/token-pay/{own}")).status {
                    200 if is_sent(&forged, target) => Outcome::Refused,
                    200 => Outcome::Blocked,
                    403 => Outcome::LockedOut,
                    status => Outcome::Error(status),
                }
            }
        }
        Goal::Injection(texts) => {
            let paths = texts.iter().map(|text| text.replace("{domain}", &target.setup.domain));
            let hex = |text: String| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            let paths = paths.map(|text| format!("/note/{}", hex(text)));
            paths.map(|path| victim.inject(&path, target.setup)).max().unwrap()
        }
    };
    (outcome, careless)
}

/// Signs in, and returns the response to the next request.
fn signs_in(victim: &mut dyn Client, path: &str) -> Reply {
    let reply = victim.get(path);
    if reply.status >= 400 { reply } else { victim.get("/who") }
}

fn is_sent(reply: &Reply, target: &Target<'_>) -> bool {
    let value = target.value.as_bytes();
    reply.cookie.windows(value.len()).any(|window| window == value)
}

/// Decides the outcome from the user whom the server sees.
fn judge(who: &Reply, expected: &str, is_sent: bool, victim: &mut dyn Client, sign_in: &str) -> Outcome {
    if who.status >= 400 {
        return Outcome::Error(who.status);
    }
    match who.body.as_str() {
        "eve" => Outcome::Succeeds,
        body if body == expected && is_sent => Outcome::Refused,
        body if body == expected => Outcome::Blocked,
        _ => match signs_in(victim, sign_in) {
            again if again.status >= 400 => Outcome::Error(again.status),
            again if again.body == "ada" => Outcome::SignedOut,
            again if again.body == "eve" => Outcome::Succeeds,
            _ => Outcome::LockedOut,
        },
    }
}

/// Returns the outcome for an application that reads its cookie with a careless parser, under one of the names.
fn careless_outcome(careless: Careless, target: &Target<'_>, who: &Reply) -> Outcome {
    let reads = |name: String| (careless.read)(&who.cookie, &name).is_some_and(|it| it == target.value.as_bytes());
    if target.names().into_iter().any(reads) {
        Outcome::Succeeds
    } else if is_sent(who, target) {
        Outcome::Refused
    } else {
        Outcome::Blocked
    }
}
