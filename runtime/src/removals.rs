//! Removals by libraries that keep no more of a cookie than its name, as poem's jar: without a Path a browser removes
//! what was set in that directory, seldom the cookie that was meant (6265bis 5.7). In: the lines of each response; out:
//! the same, and in place of such a removal one for each place where the cookie was set. Touches no other line.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use hardtack_rules::Prefix;
use http::header::{Entry, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::lifetime::Lifetime;
use crate::policy::InForce;
use crate::report::{Event, EventKind};
use crate::store::{domain_matches, path_matches};
use crate::written::Written;

/// Where cookies of others were set, as far as this process has seen.
#[derive(Debug, Default)]
pub(crate) struct Removals {
    places: Mutex<Vec<Place>>,
}

/// What a removal must repeat of the line that set a cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    name: Vec<u8>,
    /// `None`: the directory of the request.
    path: Option<Vec<u8>>,
    /// In lower case.
    domain: Option<Vec<u8>>,
    partitioned: bool,
}

/// What is known of the request that is answered: its host in lower case, and its path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) path: &'a str,
}

impl Place {
    /// A program may take a cookie's name or path from a request: what is kept has an end. The places that were learnt
    /// first stay, since a session's is among them; of one name the latest.
    const MOST: usize = 64;
    const MOST_OF_A_NAME: usize = 4;

    fn of(written: &Written<'_>) -> Self {
        Place {
            name: written.name.to_vec(),
            path: path(written).map(<[u8]>::to_vec),
            domain: written.domain.filter(|domain| !domain.is_empty()).map(<[u8]>::to_ascii_lowercase),
            partitioned: written.partitioned,
        }
    }

    /// Whether the request may have carried a cookie from here. Others are nothing to that client, and not told to it.
    fn is_for(&self, asked: Asked<'_>) -> bool {
        let is_below = self.path.as_ref().is_none_or(|path| path_matches(asked.path.as_bytes(), path));
        is_below
            && self.domain.as_deref().is_none_or(|domain| match (asked.host, std::str::from_utf8(domain)) {
                (Some(host), Ok(domain)) => domain_matches(host, domain),
                (None, _) | (_, Err(_)) => false,
            })
    }

    /// Where a cookie may be that nobody saw set: in the request's directory, as the line says, or under `/`, which is
    /// what libraries write; a `__Host-` one there alone.
    fn guesses(name: &[u8]) -> Vec<Self> {
        let here = Place { name: Vec::new(), path: None, domain: None, partitioned: false };
        let root = Place { path: Some(b"/".to_vec()), ..here.clone() };
        if Prefix::of_any_case(name).is_some_and(Prefix::is_host_only) { vec![root] } else { vec![here, root] }
    }

    /// The removal at this place.
    fn in_line(&self, line: &HeaderValue, written: &Written<'_>) -> HeaderValue {
        let mut octets = line.as_bytes().to_vec();
        if let Some(path) = &self.path {
            octets.extend_from_slice(b"; Path=");
            octets.extend_from_slice(path);
        }
        if let (Some(domain), None) = (&self.domain, written.domain) {
            octets.extend_from_slice(b"; Domain=");
            octets.extend_from_slice(domain);
        }
        if self.partitioned && !written.partitioned {
            octets.extend_from_slice(b"; Partitioned");
        }
        // All of it has been in a field value.
        HeaderValue::try_from(octets).unwrap_or_else(|_| line.clone())
    }
}

/// The Path, unless a browser takes the request's directory in its place.
fn path<'a>(written: &Written<'a>) -> Option<&'a [u8]> {
    written.path.filter(|path| path.starts_with(b"/"))
}

impl Removals {
    /// Completes the removals of a response, and learns from the other lines. What the policy excepts stays as it is.
    pub(crate) fn complete(&self, response: &mut HeaderMap, asked: Asked<'_>, in_force: &InForce, now: SystemTime) {
        let Entry::Occupied(mut lines) = response.entry(SET_COOKIE) else { return };
        let mut completed = Vec::new();
        let mut is_changed = false;
        for line in lines.iter() {
            let written = Written::read(line.as_bytes());
            let is_excepted = in_force.policy.exception(written.name).is_some();
            let removes = Lifetime::of(line.as_bytes()).is_over(now);
            if !is_excepted && !removes {
                self.learn(Place::of(&written));
            }
            if is_excepted || !removes || path(&written).is_some() {
                completed.push(line.clone());
                continue;
            }
            let known = self.of(written.name, asked);
            tell(in_force, &written, known.is_empty());
            is_changed = true;
            let places = if known.is_empty() { Place::guesses(written.name) } else { known };
            completed.extend(places.iter().map(|place| place.in_line(line, &written)));
        }
        if !is_changed {
            return;
        }
        let mut completed = completed.into_iter();
        if let Some(first) = completed.next() {
            lines.insert(first);
        }
        completed.for_each(|line| lines.append(line));
    }

    fn learn(&self, place: Place) {
        let mut places = self.places();
        if places.contains(&place) {
            return;
        }
        let of_that_name = || places.iter().enumerate().filter(|(_, known)| known.name == place.name);
        if of_that_name().count() >= Place::MOST_OF_A_NAME {
            if let Some(oldest) = of_that_name().map(|(at, _)| at).next() {
                places.remove(oldest);
            }
        }
        if places.len() < Place::MOST {
            places.push(place);
        }
    }

    fn of(&self, name: &[u8], asked: Asked<'_>) -> Vec<Place> {
        self.places().iter().filter(|place| place.name == name && place.is_for(asked)).cloned().collect()
    }

    fn places(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(in_force: &InForce, written: &Written<'_>, is_guessed: bool) {
    let reason = if is_guessed {
        "a removal without a Path reaches one directory alone; sent for `/` too, since nobody saw where it was set"
    } else {
        "a removal without a Path reaches one directory alone; sent for where the cookie was set"
    };
    let (kind, name) = (EventKind::LineHardened, written.shown_name());
    in_force.tell(Event { kind, cookie: Some(&name), rule: "removal-path", reason: &reason, evidence: None });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, PolicyHandle};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    const ASKED: Asked<'_> = Asked { host: Some("www.a.example"), path: "/app/5/end" };

    /// What becomes of the lines of one response.
    fn complete(removals: &Removals, lines: &[&str]) -> Vec<String> {
        complete_for(removals, ASKED, lines)
    }

    fn complete_for(removals: &Removals, asked: Asked<'_>, lines: &[&str]) -> Vec<String> {
        let policy = Policy::builder().exception("left", "a test").build().unwrap();
        let mut response = HeaderMap::new();
        for line in lines {
            response.append(SET_COOKIE, line.parse().unwrap());
        }
        removals.complete(&mut response, asked, &PolicyHandle::new(policy).in_force(), NOW);
        response.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_removal_goes_where_the_cookie_was_set() {
        for (set, attributes) in [
            ("a=1; Path=/; Secure", "; Path=/"),
            ("a=1; path=/app ;domain=.A.example; HttpOnly", "; Path=/app; Domain=a.example"),
            ("a=1; Path=/; Secure; Partitioned; Max-Age=60", "; Path=/; Partitioned"),
            ("a=1; Domain=a.example; Domain=; Path=/", "; Path=/"),
            // In the directory of the request, then and now.
            ("a=1; Path=app; Secure", ""),
            ("a=1", ""),
        ] {
            let removals = Removals::default();
            assert_eq!(complete(&removals, &[set]), [set]);
            for removal in ["a=; Max-Age=0", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=; Max-Age=-1; Path"] {
                assert_eq!(complete(&removals, &[removal]), [format!("{removal}{attributes}")], "{set}");
            }
        }
    }

    #[test]
    fn what_a_removal_says_itself_is_not_said_again() {
        let removals = Removals::default();
        complete(&removals, &["a=1; Path=/; Domain=a.example; Partitioned"]);
        let line = "a=; Max-Age=0; Domain=b.example; Partitioned";
        assert_eq!(complete(&removals, &[line]), [format!("{line}; Path=/")]);
    }

    #[test]
    fn of_a_cookie_that_nobody_saw_set_two_places_are_guessed() {
        let removals = Removals::default();
        let line = "a=; Max-Age=0; Secure";
        assert_eq!(complete(&removals, &[line]), [line.to_owned(), format!("{line}; Path=/")]);
        for name in ["__Host-a", "__host-http-a"] {
            let line = format!("{name}=; Max-Age=0");
            assert_eq!(complete(&removals, &[&line]), [format!("{line}; Path=/")]);
        }
    }

    #[test]
    fn other_lines_are_not_touched_and_keep_their_order() {
        let removals = Removals::default();
        let lines =
            ["b=2", "a=; Max-Age=0", "c=; Max-Age=0; Path=/c", "left=; Max-Age=0", "left=1; Path=/", "d=; Max-Age=x"];
        let expected = ["b=2", "a=; Max-Age=0", "a=; Max-Age=0; Path=/", lines[2], lines[3], lines[4], lines[5]];
        assert_eq!(complete(&removals, &lines), expected);
        // Nor is learnt from what is excepted.
        assert!(removals.of(b"left", ASKED).is_empty());
    }

    #[test]
    fn a_removal_goes_to_no_place_from_which_the_request_carried_nothing() {
        let removals = Removals::default();
        for path in ["/app/5", "/app/", "/app/6", "/ap"] {
            complete(&removals, &[&format!("a=1; Path={path}")]);
        }
        assert_eq!(
            complete(&removals, &["a=; Max-Age=0"]),
            ["a=; Max-Age=0; Path=/app/5", "a=; Max-Age=0; Path=/app/"]
        );

        complete(&removals, &["b=1; Path=/; Domain=a.example", "b=1; Path=/; Domain=b.example"]);
        let gone = |host| complete_for(&removals, Asked { host, ..ASKED }, &["b=; Max-Age=0"]);
        assert_eq!(gone(Some("www.a.example")), ["b=; Max-Age=0; Path=/; Domain=a.example"]);
        assert_eq!(gone(Some("b.example")), ["b=; Max-Age=0; Path=/; Domain=b.example"]);
        let guessed = ["b=; Max-Age=0", "b=; Max-Age=0; Path=/"];
        assert_eq!(
            (gone(Some("notb.example")), gone(None)),
            (guessed.map(str::to_owned).to_vec(), guessed.map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn of_one_cookie_the_latest_places_are_known() {
        let removals = Removals::default();
        for path in ["/", "/app", "/a", "/b", "/c", "/c"] {
            complete(&removals, &[&format!("a=1; Path={path}")]);
        }
        assert_eq!(complete(&removals, &["a=; Max-Age=0"]), ["a=; Max-Age=0; Path=/app"]);
    }

    #[test]
    fn a_flood_of_names_is_not_kept_and_drives_out_no_session() {
        let removals = Removals::default();
        complete(&removals, &["session=1; Path=/app"]);
        for name in 0..if cfg!(miri) { 2 * Place::MOST } else { 1000 } {
            complete(&removals, &[&format!("n{name}=1; Path=/")]);
        }
        assert_eq!(removals.places().len(), Place::MOST);
        assert_eq!(complete(&removals, &["session=; Max-Age=0"]), ["session=; Max-Age=0; Path=/app"]);
    }
}
