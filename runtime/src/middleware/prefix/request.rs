//! Renames the cookies of a request. The input is the `Cookie` headers. The output is the `Cookie` headers that the
//! application receives, and an outcome for each listed name. This file never joins headers, because some parsers
//! reject a whole header if one cookie is malformed. In a joined header, one malformed cookie could make the
//! application lose all cookies.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use memchr::{memchr, memchr_iter};

use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::policy::host_prefix::{HostPrefix, ListedName};
use crate::request::scheme::Verdict;
use crate::wire::folded_name::fold;
use crate::wire::list::trim_start;

/// The changes that the setting `host_prefix` makes to the cookies of one request.
#[derive(Default)]
pub(crate) struct RenamedCookies {
    /// The pairs with a listed name, in the order of the request.
    pairs: Vec<Pair>,
    /// One outcome for each listed name that `pairs` contains.
    outcomes: Vec<Outcome>,
    /// All `Cookie` headers after the change, or `None` if all headers stay the same.
    headers: Option<Vec<HeaderValue>>,
}

/// A name-value pair in a `Cookie` header. The name is the bare or the prefixed form of a listed name.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// The index of the pair's `Cookie` header.
    header: usize,
    /// The pair is the text from `start` to `end`, without the semicolons around the pair.
    start: usize,
    end: usize,
    /// The name is the text from `name_start` to `name_end`.
    name_start: usize,
    name_end: usize,
    /// The index of the listed name.
    listed: usize,
    spelling: Spelling,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// The prefixed name, byte for byte.
    Prefixed,
    /// The bare name, byte for byte.
    Bare,
    /// A different spelling of the bare name, such as `%69d` or `ID` for `id`.
    OddBare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// The application receives the pair under the bare name.
    Rename,
    /// The application receives the pair unchanged.
    Keep,
    Drop,
}

/// The outcome for one listed name: the number of pairs in each spelling, and the accepted spelling.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    listed: usize,
    prefixed: usize,
    bare: usize,
    odd_bare: usize,
    /// The spelling of the pairs that the application receives, or `None` if all pairs are dropped.
    accepted: Option<Spelling>,
}

impl RenamedCookies {
    /// Finds the cookies with a listed name in the `Cookie` headers of a request, and rewrites the headers.
    pub(crate) fn new(prefix: &HostPrefix, headers: &HeaderMap, is_https: bool) -> Self {
        let mut renamed = RenamedCookies::default();
        for (index, header) in headers.get_all(COOKIE).iter().enumerate() {
            find_pairs(prefix, index, header.as_bytes(), &mut renamed.pairs);
        }
        if renamed.pairs.is_empty() {
            return renamed;
        }
        renamed.decide(prefix, is_https);
        if renamed.pairs.iter().any(|pair| pair.action != Action::Keep) {
            renamed.headers = Some(renamed.rewrite_all(prefix, headers));
        }
        renamed
    }

    /// Chooses an action for each pair. The action depends on all pairs with the same listed name, in all headers.
    fn decide(&mut self, prefix: &HostPrefix, is_https: bool) {
        let accepts_bare = is_https && prefix.accepts_unprefixed();
        for listed in 0..prefix.names().len() {
            let mut outcome = Outcome { listed, prefixed: 0, bare: 0, odd_bare: 0, accepted: None };
            for pair in self.pairs.iter().filter(|pair| pair.listed == listed) {
                match pair.spelling {
                    Spelling::Prefixed => outcome.prefixed += 1,
                    Spelling::Bare => outcome.bare += 1,
                    Spelling::OddBare => outcome.odd_bare += 1,
                }
            }
            outcome.accepted = match (outcome.prefixed, outcome.bare, outcome.odd_bare) {
                (0, 0, 0) => continue,
                // Anyone on the network can add cookies to a plain HTTP request, so all pairs are dropped.
                _ if !is_https => None,
                (1, _, _) => Some(Spelling::Prefixed),
                (0, 1, 0) if accepts_bare => Some(Spelling::Bare),
                _ => None,
            };
            for pair in self.pairs.iter_mut().filter(|pair| pair.listed == listed) {
                pair.action = match pair.spelling {
                    spelling if Some(spelling) != outcome.accepted => Action::Drop,
                    Spelling::Prefixed => Action::Rename,
                    Spelling::Bare | Spelling::OddBare => Action::Keep,
                };
            }
            self.outcomes.push(outcome);
        }
    }

    /// Returns all `Cookie` headers after the change. A header is omitted if no pair is left in the header.
    fn rewrite_all(&self, prefix: &HostPrefix, headers: &HeaderMap) -> Vec<HeaderValue> {
        let mut rest = &self.pairs[..];
        let mut rewritten = Vec::new();
        for (index, header) in headers.get_all(COOKIE).iter().enumerate() {
            let count = rest.iter().take_while(|pair| pair.header == index).count();
            let Some((pairs, after)) = rest.split_at_checked(count) else { break };
            rest = after;
            if pairs.iter().all(|pair| pair.action == Action::Keep) {
                rewritten.push(header.clone());
            } else if header.as_bytes().is_ascii() {
                rewritten.extend(rewrite(prefix, pairs, header));
            } else {
                // Some frameworks reject a whole header if one byte is not ASCII. Any host of the site can set such a
                // cookie. So the accepted cookies get headers of their own.
                rewritten.extend(pairs.iter().filter_map(|pair| pair.alone(prefix, header)));
                let dropped: Vec<Pair> = pairs.iter().map(|pair| Pair { action: Action::Drop, ..*pair }).collect();
                rewritten.extend(rewrite(prefix, &dropped, header));
            }
        }
        rewritten
    }

    /// Returns all `Cookie` headers that the application receives, or `None` if all headers stay the same.
    pub(crate) fn headers(&self) -> Option<&[HeaderValue]> {
        self.headers.as_deref()
    }

    /// Replaces the `Cookie` headers of the request.
    #[cfg(any(feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn apply(&mut self, headers: &mut HeaderMap) {
        let Some(rewritten) = self.headers.take() else { return };
        let mut rewritten = rewritten.into_iter();
        match rewritten.next() {
            None => _ = headers.remove(COOKIE),
            Some(first) => _ = headers.insert(COOKIE, first),
        }
        for header in rewritten {
            headers.append(COOKIE, header);
        }
    }

    /// Returns two values for each pair with a listed name, in the order of the request. The first value is the pair's
    /// text. The second value is the bare name under which the application receives the cookie, or `None` if the pair
    /// is dropped. `headers` contains the `Cookie` headers before the change.
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) fn pairs<'a>(
        &'a self,
        prefix: &'a HostPrefix,
        headers: &'a [&'a [u8]],
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.pairs.iter().filter_map(|pair| {
            let text = headers.get(pair.header)?.get(pair.start..pair.end)?;
            let listed = prefix.names().get(pair.listed)?;
            let received = (pair.action != Action::Drop).then_some(&*listed.bare);
            // The frameworks' parsers skip a pair that is not UTF-8.
            Some((core::str::from_utf8(text).ok()?, received))
        })
    }

    /// Emits the events for the listed names that the request contains.
    pub(crate) fn report(&self, prefix: &HostPrefix, jar: &JarState) {
        let verdict = jar.verdict();
        for outcome in &self.outcomes {
            let Some(listed) = prefix.names().get(outcome.listed) else { continue };
            outcome.report(listed, jar, verdict);
        }
    }
}

impl Pair {
    /// Returns a header with only this cookie, or `None` if the application does not receive the cookie.
    fn alone(&self, prefix: &HostPrefix, header: &HeaderValue) -> Option<HeaderValue> {
        if self.action == Action::Drop {
            return None;
        }
        let value = header.as_bytes().get(self.name_end..self.end)?;
        let pair = [prefix.names().get(self.listed)?.bare.as_bytes(), value].concat();
        // `try_from` does not fail, because the bytes come from a valid header value and from a cookie name.
        let mut alone = HeaderValue::try_from(pair).ok()?;
        alone.set_sensitive(header.is_sensitive());
        Some(alone)
    }
}

impl Outcome {
    fn report(self, listed: &ListedName, jar: &JarState, verdict: Verdict) {
        let bare = self.bare + self.odd_bare;
        if verdict.https && self.prefixed > 0 {
            listed.sightings.note_prefixed();
        }
        if verdict.https && self.prefixed == 0 && bare > 0 && listed.sightings.note_bare() {
            let reason = format!(
                "the request carried this name, and no request of this process has carried `{}`; this is normal just after \
                 the name is listed; otherwise the library sets its cookie outside the policy's middleware, which must be \
                 the outermost",
                listed.prefixed
            );
            jar.emit(Event::new(Kind::Notice, Code::NeverPrefixed, &reason).with_cookie(&listed.bare));
        }
        let rejected = |code, reason| Event::new(Kind::CookieRejected, code, reason);
        if !verdict.https && self.prefixed > 0 {
            let event = rejected(
                Code::NotHttps,
                &"anyone on the network can add a cookie to a plain HTTP request; send the cookie over HTTPS",
            );
            jar.emit(event.with_cookie(&listed.prefixed).with_evidence(Some(verdict.evidence)));
        } else if self.prefixed > 1 {
            let event = rejected(
                Code::PrefixedTwice,
                &"the name came several times, so all its values were dropped; if the client is your own, send the cookie once",
            );
            jar.emit(event.with_cookie(&listed.prefixed));
        }
        if self.accepted == Some(Spelling::Bare) {
            let reason = "the cookie counts under its bare name until the date of `accept_unprefixed_until`";
            jar.emit(Event::new(Kind::Notice, Code::UnprefixedAccepted, &reason).with_cookie(&listed.bare));
        } else if bare > 0 {
            let reason = format!(
                "another host of the site may have set it; only `{}` counts; to accept the cookies from before the change for some \
                 time, set `accept_unprefixed_until`",
                listed.prefixed
            );
            let evidence = (!verdict.https).then_some(verdict.evidence);
            jar.emit(rejected(Code::UnprefixedDropped, &reason).with_cookie(&listed.bare).with_evidence(evidence));
        }
    }
}

/// Finds the pairs with a listed name in one header, and appends these pairs to `pairs`.
fn find_pairs(prefix: &HostPrefix, index: usize, header: &[u8], pairs: &mut Vec<Pair>) {
    let mut start = 0;
    for end in memchr_iter(b';', header) {
        find_pair(prefix, index, header, (start, end), pairs);
        start = end + 1;
    }
    find_pair(prefix, index, header, (start, header.len()), pairs);
}

#[inline]
fn find_pair(prefix: &HostPrefix, header: usize, text: &[u8], (start, end): (usize, usize), pairs: &mut Vec<Pair>) {
    let Some(pair) = text.get(start..end) else { return };
    let pair = trim_start(pair);
    if pair.first().is_none_or(|first| !prefix.may_begin_with(*first)) {
        return;
    }
    let equals = memchr(b'=', pair);
    let Some(name) = pair.get(..equals.unwrap_or(pair.len())) else { return };
    if let Some((listed, spelling)) = find_listed(prefix, name, equals.is_some()) {
        let name_start = end - pair.len();
        let name_end = name_start + name.len();
        // `decide` sets the action.
        pairs.push(Pair { header, start, end, name_start, name_end, listed, spelling, action: Action::Drop });
    }
}

/// Returns the listed name that an application could recognise in `name`, and the spelling of `name`. `name` is the
/// text of a pair before the `=`.
///
/// If a pair has no `=`, most parsers read the pair as a cookie without a name. Some parsers read the whole text as the
/// name, so here the text counts as an odd spelling of the bare name.
#[inline(never)]
fn find_listed(prefix: &HostPrefix, name: &[u8], has_equals: bool) -> Option<(usize, Spelling)> {
    let position = |is_listed: &dyn Fn(&ListedName) -> bool| prefix.names().iter().position(is_listed);
    if has_equals && name.first() == Some(&b'_') {
        if let Some(listed) = position(&|listed| listed.prefixed.as_bytes() == name) {
            return Some((listed, Spelling::Prefixed));
        }
    }
    let folded = fold(name);
    // At most one listed name matches, because the listed names differ in more than letter case.
    let listed = position(&|listed| folded.eq_ignore_ascii_case(listed.bare.as_bytes()))?;
    let is_exact = has_equals && prefix.names().get(listed).is_some_and(|listed| listed.bare.as_bytes() == name);
    Some((listed, if is_exact { Spelling::Bare } else { Spelling::OddBare }))
}

/// Renames or drops the given pairs of a header, and returns the new header. Returns `None` if the new header contains
/// no pair. All other bytes of the header stay the same.
fn rewrite(prefix: &HostPrefix, pairs: &[Pair], header: &HeaderValue) -> Option<HeaderValue> {
    let text = header.as_bytes();
    let mut rewritten = Vec::with_capacity(text.len());
    let mut copied = 0;
    for pair in pairs {
        match pair.action {
            Action::Keep => {}
            Action::Rename => {
                rewritten.extend_from_slice(text.get(copied..pair.name_start)?);
                rewritten.extend_from_slice(prefix.names().get(pair.listed)?.bare.as_bytes());
                copied = pair.name_end;
            }
            Action::Drop => {
                rewritten.extend_from_slice(text.get(copied..pair.start)?);
                // The code also drops one of the two semicolons around the pair.
                if pair.end < text.len() {
                    copied = pair.end + 1;
                } else {
                    copied = text.len();
                    if rewritten.ends_with(b";") {
                        rewritten.pop();
                    }
                }
            }
        }
    }
    rewritten.extend_from_slice(text.get(copied..)?);
    let indent = rewritten.len() - trim_start(&rewritten).len();
    rewritten.drain(..indent);
    if rewritten.iter().all(|byte| matches!(byte, b' ' | b'\t' | b';')) {
        return None;
    }
    // `try_from` does not fail, because the bytes come from a valid header value and from a cookie name.
    let mut value = HeaderValue::try_from(rewritten).ok()?;
    value.set_sensitive(header.is_sensitive());
    Some(value)
}
