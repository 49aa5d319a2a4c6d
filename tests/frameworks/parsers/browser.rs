//! A model of a browser that follows RFC 6265bis and the prefix rules of the draft "Cookies: HTTP State Management
//! Mechanism" (layered cookies). The model stores the cookies of one host and makes the `Cookie` header. The model does
//! not use hardtack's code.

/// The sender of a cookie. Each sender writes the strongest attributes that it can write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Setter {
    /// The application over HTTPS, without `Domain`.
    Application,
    /// A response of a sibling host over HTTPS, with `Domain`.
    Sibling,
    /// A script on a sibling host, which cannot set `HttpOnly`.
    Script,
    /// A network attacker who writes a response over plain HTTP, without `Secure`.
    Network,
}

#[derive(Clone, Debug)]
struct Stored {
    name: Vec<u8>,
    value: Vec<u8>,
    setter: Setter,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    stored: Vec<Stored>,
}

/// The prefixes, in lower case. The first column is true if the prefix needs a cookie without `Domain`. The second
/// column is true if the prefix needs `HttpOnly`.
const PREFIXES: [(&[u8], bool, bool); 4] =
    [(b"__host-http-", true, true), (b"__host-", true, false), (b"__http-", false, true), (b"__secure-", false, false)];

/// Browsers compare prefixes without regard to letter case.
fn prefix(text: &[u8]) -> Option<(bool, bool)> {
    let text = text.to_ascii_lowercase();
    let (_, host_only, http_only) = PREFIXES.iter().find(|(prefix, ..)| text.starts_with(prefix))?;
    Some((*host_only, *http_only))
}

fn trim(text: &[u8]) -> &[u8] {
    match text {
        [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] => trim(rest),
        _ => text,
    }
}

fn has_control_character(text: &[u8]) -> bool {
    text.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// Splits the first part of a `Set-Cookie` header into name and value. Returns `None` if the browser rejects the cookie
/// because of its name or its value.
fn parse(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = text.split(|byte| *byte == b';').next()?;
    let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
        Some(equals) => (trim(&pair[..equals]), trim(&pair[equals + 1..])),
        None => (&b""[..], trim(pair)),
    };
    let is_empty = name.is_empty() && value.is_empty();
    let is_too_long = name.len() + value.len() > 4096;
    let is_hidden_prefix = name.is_empty() && prefix(value).is_some();
    (!has_control_character(text) && !is_empty && !is_too_long && !is_hidden_prefix).then_some((name, value))
}

impl Browser {
    /// Stores the cookie of a `Set-Cookie` header, unless the browser rejects the cookie.
    pub(crate) fn set(&mut self, setter: Setter, text: &[u8]) {
        let Some((name, value)) = parse(text) else { return };
        let is_allowed = match (prefix(name), setter) {
            (None, _) | (_, Setter::Application) => true,
            (Some(_), Setter::Network) | (Some((true, _)), _) => false,
            (Some((false, http_only)), Setter::Sibling | Setter::Script) => !http_only || setter == Setter::Sibling,
        };
        if !is_allowed {
            return;
        }
        if setter == Setter::Application {
            self.stored.retain(|stored| stored.setter != setter || stored.name != name);
        }
        self.stored.push(Stored { name: name.to_vec(), value: value.to_vec(), setter });
    }

    /// Returns the pairs of the `Cookie` header.
    pub(crate) fn pairs(&self) -> Vec<Vec<u8>> {
        let pair = |stored: &Stored| match &stored.name[..] {
            [] => stored.value.clone(),
            name => [name, b"=", &stored.value].concat(),
        };
        self.stored.iter().map(pair).collect()
    }

    /// Returns all values that the browser stored under this name.
    pub(crate) fn values_of(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.stored.iter().filter(move |stored| stored.name == name).map(|stored| &stored.value[..])
    }

    /// Returns the value that the application itself set.
    pub(crate) fn application_value(&self, name: &[u8]) -> Option<&[u8]> {
        let own = self.stored.iter().find(|stored| stored.setter == Setter::Application && stored.name == name)?;
        Some(&own.value)
    }

    pub(crate) fn has_planted_cookies(&self) -> bool {
        self.stored.iter().any(|stored| stored.setter != Setter::Application)
    }

    /// Moves the first cookies to the end. An attacker can choose the order, because a longer path comes first.
    pub(crate) fn rotate(&mut self, count: usize) {
        let count = count % self.stored.len().max(1);
        self.stored.rotate_left(count);
    }
}

/// Returns the names under which a browser can store a cookie that the browser then sends as the bytes of `pair`. The
/// empty name stands for a nameless cookie. The limit for the length does not matter for the name.
pub(crate) fn possible_names(pair: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    if has_control_character(pair) || trim(pair) != pair || pair.contains(&b';') {
        return names;
    }
    if let Some(equals) = pair.iter().position(|byte| *byte == b'=') {
        let (name, value) = (&pair[..equals], &pair[equals + 1..]);
        if !name.is_empty() && trim(name) == name && trim(value) == value {
            names.push(name);
        }
    }
    if prefix(pair).is_none() {
        names.push(b"");
    }
    names
}
