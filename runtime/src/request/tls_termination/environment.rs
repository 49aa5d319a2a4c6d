//! Reads a `TlsTermination` from the environment variable `HARDTACK_TLS`. The input is the text of the variable. The
//! output is the `TlsTermination`, or an error with the variable, the mistake and a valid text.

use core::fmt;
use core::str::FromStr;
use std::ffi::OsString;

use super::TlsTermination;
use crate::request::proxies::{TrustedProxies, TrustedProxiesError};

/// The name of the environment variable.
const VARIABLE: &str = "HARDTACK_TLS";

impl TlsTermination {
    /// Reads the setting from the environment variable `HARDTACK_TLS`. If the variable is not set, the setting is
    /// [`TlsTermination::per_connection`].
    ///
    /// | value | setting |
    /// |---|---|
    /// | `per-connection` | [`TlsTermination::per_connection`] |
    /// | `here` | [`TlsTermination::here`] |
    /// | `none` | [`TlsTermination::none`] |
    /// | `uri` | [`TlsTermination::in_uri`] |
    /// | `proxy:10.0.0.0/8,::1` | [`TlsTermination::at_proxy`] with [`TrustedProxies::new`] |
    /// | `proxy:any` | [`TlsTermination::at_proxy`] with [`TrustedProxies::any`] |
    /// | `proxy:unix` | [`TlsTermination::at_proxy`] with [`TrustedProxies::unix_socket`] |
    ///
    /// A list of addresses can also contain `unix`. If the value begins with `proxy:`, settings for the proxies can
    /// follow at the end. Each setting begins with a semicolon:
    ///
    /// - `;hops=2` for [`TrustedProxies::hops`]
    /// - `;forwarded` for [`TrustedProxies::forwarded`]
    /// - `;header=X-Forwarded-Ssl=on` for [`TrustedProxies::header`]
    ///
    /// `TlsTermination` also implements `FromStr`. So the program can parse the same texts from a different source,
    /// such as a configuration file.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// // `HARDTACK_TLS` is not set here.
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let plain = TlsTermination::from_env()?.detect(&parts, None).unwrap_err();
    /// assert!(plain.to_string().starts_with("the connection is not marked as TLS"));
    ///
    /// let termination: TlsTermination = "proxy:10.0.0.0/8,::1;hops=2".parse()?;
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https, http");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// assert!(termination.detect(&parts, Some("10.1.2.3".parse().unwrap())).is_ok());
    /// # Ok::<(), hardtack::tls::TlsTerminationError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the variable has any other value. An empty variable is an error too.
    pub fn from_env() -> Result<TlsTermination, TlsTerminationError> {
        from_variable(std::env::var_os(VARIABLE))
    }
}

/// Reads the setting from the value of the variable. The value is `None` if the variable is not set.
pub(super) fn from_variable(value: Option<OsString>) -> Result<TlsTermination, TlsTerminationError> {
    match value.map(OsString::into_string) {
        None => Ok(TlsTermination::per_connection()),
        Some(Ok(value)) => value.parse(),
        Some(Err(value)) => Err(TlsTerminationError::new(&value.to_string_lossy(), Mistake::NotUtf8)),
    }
}

/// Parses the text of the environment variable `HARDTACK_TLS`. The documentation of [`TlsTermination::from_env`]
/// contains a table of the texts.
impl FromStr for TlsTermination {
    type Err = TlsTerminationError;

    fn from_str(text: &str) -> Result<Self, TlsTerminationError> {
        parse(text).map_err(|mistake| TlsTerminationError::new(text, mistake))
    }
}

fn parse(text: &str) -> Result<TlsTermination, Mistake> {
    let mut parts = text.split(';').map(str::trim);
    let place = parts.next().unwrap_or_default();
    let Some(peers) = place.strip_prefix("proxy:") else {
        if let (true, Some(setting)) = (is_place(place), parts.next()) {
            return Err(Mistake::SettingWithoutProxy(setting.to_owned()));
        }
        return match place {
            "per-connection" => Ok(TlsTermination::per_connection()),
            "here" => Ok(TlsTermination::here()),
            "none" => Ok(TlsTermination::none()),
            "uri" => Ok(TlsTermination::in_uri()),
            "" => Err(Mistake::Empty),
            "proxy" => Err(Mistake::ProxyWithoutPeers),
            _ => Err(Mistake::UnknownPlace(place.to_owned())),
        };
    };
    let mut proxies = parse_peers(peers)?;
    let (mut has_header, mut has_hops) = (false, false);
    for setting in parts {
        let (name, value) = setting.split_once('=').map_or((setting, None), |(name, value)| (name, Some(value)));
        let is_repeated = match name.trim() {
            "forwarded" | "header" => core::mem::replace(&mut has_header, true),
            "hops" => core::mem::replace(&mut has_hops, true),
            _ => false,
        };
        if is_repeated {
            return Err(Mistake::RepeatedSetting(setting.to_owned()));
        }
        proxies = match (name.trim(), value) {
            ("forwarded", None) => proxies.forwarded(),
            ("hops", Some(count)) => match count.trim().parse() {
                Ok(count) if count > 0 => proxies.hops(count),
                _ => return Err(Mistake::Hops(count.trim().to_owned())),
            },
            ("header", Some(header)) => match header.split_once('=') {
                Some((name, value)) => proxies.header(name.trim(), value.trim()),
                None => return Err(Mistake::Header(header.trim().to_owned())),
            },
            _ => return Err(Mistake::UnknownSetting(setting.to_owned())),
        };
        if let (Some(_), Some(header)) = (proxies.mistake(), value) {
            return Err(Mistake::Header(header.trim().to_owned()));
        }
    }
    Ok(TlsTermination::at_proxy(proxies))
}

fn is_place(place: &str) -> bool {
    matches!(place, "per-connection" | "here" | "none" | "uri")
}

/// Parses `any`, or a list of addresses, networks and the word `unix`.
fn parse_peers(peers: &str) -> Result<TrustedProxies, Mistake> {
    let items: Vec<&str> = peers.split(',').map(str::trim).collect();
    match items.as_slice() {
        ["any"] => return Ok(TrustedProxies::any()),
        ["unix"] => return Ok(TrustedProxies::unix_socket()),
        [""] => return Err(Mistake::ProxyWithoutPeers),
        _ if items.contains(&"any") => return Err(Mistake::AnyInList),
        _ => {}
    }
    let networks = items.iter().filter(|item| **item != "unix");
    let proxies = TrustedProxies::new(networks).map_err(Mistake::Peers)?;
    Ok(if items.contains(&"unix") { proxies.with_unix_socket() } else { proxies })
}

/// The error of [`TlsTermination::from_env`]. `Display` and `Debug` write the variable, the mistake and a valid text.
///
/// ```
/// use hardtack::TlsTermination;
///
/// let error = "proxies:10.0.0.1".parse::<TlsTermination>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`HARDTACK_TLS=proxies:10.0.0.1`: `proxies:10.0.0.1` is unknown; write `per-connection`, `here`, `none`, `uri`, \
///      `proxy:any`, `proxy:unix`, or your proxies as in `proxy:10.0.0.0/8,::1`"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TlsTerminationError {
    value: String,
    mistake: Mistake,
}

#[derive(Clone, PartialEq, Eq)]
enum Mistake {
    NotUtf8,
    Empty,
    UnknownPlace(String),
    SettingWithoutProxy(String),
    ProxyWithoutPeers,
    AnyInList,
    Peers(TrustedProxiesError),
    UnknownSetting(String),
    RepeatedSetting(String),
    Hops(String),
    Header(String),
}

impl TlsTerminationError {
    fn new(value: &str, mistake: Mistake) -> Self {
        TlsTerminationError { value: value.to_owned(), mistake }
    }
}

impl fmt::Debug for TlsTerminationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsTerminationError({self})")
    }
}

impl fmt::Display for TlsTerminationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{VARIABLE}={}`: ", self.value.escape_debug())?;
        match &self.mistake {
            Mistake::NotUtf8 => f.write_str("the value is not UTF-8; write it in UTF-8"),
            Mistake::Empty => f.write_str("the value is empty; write `per-connection`, or remove the variable"),
            Mistake::UnknownPlace(place) => write!(
                f,
                "`{}` is unknown; write `per-connection`, `here`, `none`, `uri`, `proxy:any`, `proxy:unix`, or your \
                 proxies as in `proxy:10.0.0.0/8,::1`",
                place.escape_debug()
            ),
            Mistake::SettingWithoutProxy(setting) => write!(
                f,
                "the setting `{}` is for `proxy:…` only; remove it, or write it as in `proxy:10.0.0.0/8;hops=2`",
                setting.escape_debug()
            ),
            Mistake::ProxyWithoutPeers => f.write_str(
                "no proxy is named; write the addresses of your proxies as in `proxy:10.0.0.0/8,::1`, or `proxy:unix` \
                 on a Unix socket, or `proxy:any` where only the platform's proxy can reach the port",
            ),
            Mistake::AnyInList => f.write_str(
                "`any` trusts every peer, so no other item can stand beside it; write `proxy:any`, or \
                             only the addresses",
            ),
            Mistake::Peers(error) => error.fmt(f),
            Mistake::UnknownSetting(setting) => write!(
                f,
                "the setting `{}` is unknown; write `hops=2`, `forwarded` or `header=X-Forwarded-Ssl=on`",
                setting.escape_debug()
            ),
            Mistake::RepeatedSetting(setting) => write!(
                f,
                "`{}` is the second setting for one thing; write `hops` once, and either `forwarded` or `header` once",
                setting.escape_debug()
            ),
            Mistake::Hops(count) => {
                write!(f, "`{}` is not a number of proxies; write `hops=1` or more", count.escape_debug())
            }
            Mistake::Header(header) => write!(
                f,
                "`{}` is not a header with a value; write it as in `header=X-Forwarded-Ssl=on`",
                header.escape_debug()
            ),
        }
    }
}

impl std::error::Error for TlsTerminationError {}

#[cfg(test)]
mod tests {
    use super::{TlsTermination, from_variable};

    /// Returns the `Debug` text of the parsed `TlsTermination`, because this text contains each setting.
    fn parse(text: &str) -> Result<String, String> {
        text.parse::<TlsTermination>().map(|found| format!("{found:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn each_text_gives_its_setting() {
        use crate::TrustedProxies;

        let proxies = || TrustedProxies::new(["10.0.0.0/8", "::1"]).unwrap();
        let at = TlsTermination::at_proxy;
        for (text, expected) in [
            ("per-connection", TlsTermination::per_connection()),
            (" here\n", TlsTermination::here()),
            ("none", TlsTermination::none()),
            ("uri", TlsTermination::in_uri()),
            ("proxy:10.0.0.0/8,::1", at(proxies())),
            ("proxy: 10.0.0.0/8 , ::1 ", at(proxies())),
            ("proxy:10.0.0.0/8,unix,::1", at(proxies().with_unix_socket())),
            ("proxy:10.0.0.0/8,::1;hops=2", at(proxies().hops(2))),
            ("proxy:10.0.0.0/8,::1; forwarded ; hops = 2", at(proxies().forwarded().hops(2))),
            ("proxy:any", at(TrustedProxies::any())),
            ("proxy:unix", at(TrustedProxies::unix_socket())),
            ("proxy:any;header=X-Forwarded-Ssl=on", at(TrustedProxies::any().header("X-Forwarded-Ssl", "on"))),
            (
                r#"proxy:any;header=CF-Visitor={"scheme":"https"}"#,
                at(TrustedProxies::any().header("CF-Visitor", r#"{"scheme":"https"}"#)),
            ),
        ] {
            assert_eq!(parse(text), Ok(format!("{expected:?}")), "{text}");
        }
        assert!(
            matches!(from_variable(None).map(|found| format!("{found:?}")), Ok(text) if text.contains("PerConnection"))
        );
    }

    #[test]
    fn each_mistake_names_the_text_to_write() {
        for (text, expected) in [
            ("", "`HARDTACK_TLS=`: the value is empty; write `per-connection`, or remove the variable"),
            ("Here", "`Here` is unknown; write `per-connection`, `here`, "),
            ("proxy", "no proxy is named; write the addresses"),
            ("proxy:", "no proxy is named; write the addresses"),
            ("proxy:any,10.0.0.1", "`any` trusts every peer"),
            ("proxy:10.0.0.1,", "`` is neither an IP address nor a network; write it as in"),
            ("proxy:0.0.0.0/0", "`TrustedProxies::any()` where only"),
            ("proxy:nginx", "`nginx` is neither"),
            ("here;hops=2", "the setting `hops=2` is for `proxy:…` only"),
            ("here;", "the setting `` is for `proxy:…` only"),
            ("proxy:any;hop=2", "the setting `hop=2` is unknown; write `hops=2`"),
            ("proxy:any;", "the setting `` is unknown"),
            ("proxy:any;forwarded=1", "the setting `forwarded=1` is unknown"),
            ("proxy:any;hops", "the setting `hops` is unknown"),
            ("proxy:any;hops=0", "`0` is not a number of proxies; write `hops=1` or more"),
            ("proxy:any;hops=-1", "`-1` is not a number"),
            ("proxy:any;hops=2;hops=3", "`hops=3` is the second setting for one thing"),
            ("proxy:any;forwarded;header=A=b", "`header=A=b` is the second setting for one thing"),
            ("proxy:any;header=A", "`A` is not a header with a value; write it as in `header=X-Forwarded-Ssl=on`"),
            ("proxy:any;header=A B=on", "`A B=on` is not a header with a value"),
            ("proxy:any;header=A=", "`A=` is not a header with a value"),
            ("a\nb", "`a\\nb` is unknown"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("`HARDTACK_TLS=") && error.contains(expected), "{text}: {error}");
            let debug = format!("{:?}", text.parse::<TlsTermination>().unwrap_err());
            assert_eq!(debug, format!("TlsTerminationError({error})"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn value_must_be_utf_8() {
        use std::os::unix::ffi::OsStringExt as _;

        let error = from_variable(Some(std::ffi::OsString::from_vec(vec![b'h', 0xff]))).unwrap_err().to_string();
        assert!(error.ends_with("the value is not UTF-8; write it in UTF-8"), "{error}");
    }
}
