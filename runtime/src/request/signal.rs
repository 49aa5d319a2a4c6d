//! The signal with which a proxy states the scheme of a request: the name of the header, and the elements of the header
//! that count. The input is the headers of a request. The output is the scheme that the proxy states, or `None` if the
//! request does not have the header.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName};

use super::forwarded::{ForwardedElement, forwarded_elements, is_https, list_elements};

/// The name of the default header.
pub(super) const X_FORWARDED_PROTO: &str = "X-Forwarded-Proto";

/// The header in which the proxies send the scheme. hardtack reads the scheme only from this header.
#[derive(Debug, Clone, Default)]
pub(super) struct Signal {
    header: SignalHeader,
    /// The position of the element that counts, from the right. If `hops` is `None`, every element counts.
    hops: Option<usize>,
    mistake: Option<SignalMistake>,
}

#[derive(Debug, Clone, Default)]
enum SignalHeader {
    #[default]
    XForwardedProto,
    Forwarded,
    Configured(ConfiguredHeader),
}

/// The header that the developer passed to [`TrustedProxies::header`](crate::TrustedProxies::header).
#[derive(Debug, Clone)]
pub(crate) struct ConfiguredHeader {
    name: HeaderName,
    /// The name of the header, as the developer wrote it.
    display_name: &'static str,
    value: String,
}

/// A mistake in the settings of [`TrustedProxies`](crate::TrustedProxies). If the settings contain a mistake, every
/// request counts as plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalMistake {
    HeaderName,
    HeaderValue,
    NoHops,
}

impl core::fmt::Display for SignalMistake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SignalMistake::HeaderName => {
                "the name in `TrustedProxies::header` is not a valid name of a header; write it as in \
                 `.header(\"X-Forwarded-Ssl\", \"on\")`"
            }
            SignalMistake::HeaderValue => {
                "the value in `TrustedProxies::header` is empty, or has a comma or a control character, so no header \
                 can match; write it as in `.header(\"X-Forwarded-Ssl\", \"on\")`"
            }
            SignalMistake::NoHops => {
                "`TrustedProxies::hops(0)` selects no element; write `.hops(1)`, or the number of proxies that each \
                 append one element"
            }
        })
    }
}

/// The scheme that the header of a request states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    Https,
    Plain,
    /// The header has several elements, and at least one of the elements does not state HTTPS.
    PlainInList,
    TooFewElements {
        hops: usize,
    },
}

impl Signal {
    pub(super) fn read_forwarded(&mut self) {
        self.header = SignalHeader::Forwarded;
    }

    pub(super) fn read_header(&mut self, name: &str, value: &str) {
        let is_value = !value.trim().is_empty() && !value.contains(|char: char| char == ',' || char.is_control());
        match HeaderName::from_bytes(name.as_bytes()) {
            Err(_) => self.note(SignalMistake::HeaderName),
            Ok(_) if !is_value => self.note(SignalMistake::HeaderValue),
            Ok(parsed) => {
                let (display_name, value) = (intern(name), value.trim().to_owned());
                self.header = SignalHeader::Configured(ConfiguredHeader { name: parsed, display_name, value });
            }
        }
    }

    pub(super) fn count_hops(&mut self, hops: usize) {
        if hops == 0 {
            self.note(SignalMistake::NoHops);
        }
        self.hops = Some(hops);
    }

    fn note(&mut self, mistake: SignalMistake) {
        self.mistake.get_or_insert(mistake);
    }

    pub(super) fn mistake(&self) -> Option<SignalMistake> {
        self.mistake
    }

    pub(super) fn configured_header(&self) -> Option<&ConfiguredHeader> {
        match &self.header {
            SignalHeader::Configured(header) => Some(header),
            SignalHeader::XForwardedProto | SignalHeader::Forwarded => None,
        }
    }

    /// Returns the name of the header, for log messages.
    pub(super) fn header_name(&self) -> &'static str {
        match &self.header {
            SignalHeader::XForwardedProto => X_FORWARDED_PROTO,
            SignalHeader::Forwarded => "Forwarded",
            SignalHeader::Configured(header) => header.display_name,
        }
    }

    /// Returns the scheme that the header states. Returns `None` if the request does not have the header.
    pub(super) fn statement(&self, headers: &HeaderMap) -> Option<Statement> {
        match &self.header {
            SignalHeader::XForwardedProto => self.select(headers, X_FORWARDED_PROTO, is_https),
            SignalHeader::Configured(header) => {
                let name = header.name.as_str();
                match self.hops {
                    Some(_) => self.select(headers, name, |element| header.matches(element)),
                    None => header.statement(headers),
                }
            }
            SignalHeader::Forwarded => {
                let elements: Vec<ForwardedElement<'_>> = forwarded_elements(headers).collect();
                let is_valid = elements.iter().all(|element| element.is_valid());
                // A client can send a quoted string without the closing quote. The proxies' elements then become a part
                // of the client's element, and the positions of the elements are wrong. The client's element is
                // malformed in this case. So a header with a malformed element counts as plain HTTP.
                select(elements.into_iter().map(|element| is_valid && element.is_https()), self.hops)
            }
        }
    }

    fn select(&self, headers: &HeaderMap, name: &str, is_https: impl Fn(&[u8]) -> bool) -> Option<Statement> {
        select(list_elements(headers, name).map(is_https), self.hops)
    }
}

impl ConfiguredHeader {
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Returns the name of the header if the request has the header with the configured value.
    pub(super) fn claim(&self, headers: &HeaderMap) -> Option<&'static str> {
        list_elements(headers, self.name.as_str()).any(|element| self.matches(element)).then_some(self.display_name)
    }

    fn matches(&self, element: &[u8]) -> bool {
        element.eq_ignore_ascii_case(self.value.as_bytes())
    }

    /// Returns the scheme that the header states. The header states HTTPS only if the request has exactly one header
    /// with the name, and the header has exactly one element.
    fn statement(&self, headers: &HeaderMap) -> Option<Statement> {
        let mut elements = list_elements(headers, self.name.as_str());
        let first = elements.next()?;
        Some(match elements.next() {
            Some(_) => Statement::PlainInList,
            None if self.matches(first) => Statement::Https,
            None => Statement::Plain,
        })
    }
}

/// Returns the scheme that the request has according to the elements. `elements` contains true for each element that
/// states HTTPS. An empty element, as in `https,`, does not state HTTPS.
fn select(mut elements: impl DoubleEndedIterator<Item = bool>, hops: Option<usize>) -> Option<Statement> {
    let Some(hops) = hops else {
        let first = elements.next()?;
        let (mut all, mut is_list) = (first, false);
        for is_https in elements {
            (all, is_list) = (all && is_https, true);
        }
        return Some(match (all, is_list) {
            (true, _) => Statement::Https,
            (false, false) => Statement::Plain,
            (false, true) => Statement::PlainInList,
        });
    };
    let mut from_the_right = elements.rev().peekable();
    from_the_right.peek()?;
    Some(match from_the_right.nth(hops.saturating_sub(1)) {
        Some(true) => Statement::Https,
        Some(false) => Statement::Plain,
        None => Statement::TooFewElements { hops },
    })
}

/// The maximum number of header names that [`intern`] stores.
const INTERNED_LIMIT: usize = 64;

/// Returns a `'static` copy of the name. An [`Evidence`](super::evidence::Evidence) is `Copy`, so an `Evidence` cannot
/// own the name. Stores each name once.
fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.iter().copied().find(|known| *known == name) {
        return known;
    }
    if names.len() >= INTERNED_LIMIT {
        return "the configured header";
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.push(name);
    name
}
