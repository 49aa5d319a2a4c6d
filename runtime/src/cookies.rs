//! The jar of one exchange: what the request carried, and what is pending for the response. Shared by all its clones,
//! written once, closed when the head of the response leaves.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;
use std::sync::PoisonError;

use hardtack_rules::Seal;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::declare::{Cookie, Declaration, ReadCookie, Room, Spec, Value};
use crate::error::{ReadError, Removal, SetError};
use crate::line::{Line, Varied, append, header_value, line};
use crate::policy::{InForce, Policy, PolicyHandle};
use crate::read::{self, Found};
use crate::report::{Event, EventKind, log};
use crate::scheme::{AllowedOver, AnyScheme, Https, PlainHttp, Scheme, Verdict};
use crate::sealing::{self, Keys};
use crate::set_cookie::IntoSetCookie;
use crate::sync::{Arc, Mutex, MutexGuard, OnceLock};
use crate::value::InvalidValue;

/// The cookies of one exchange, seen through a scheme.
///
/// It is cheap to clone; all clones share one jar. In a framework the policy's layer opens it and writes it into the
/// response; without one, [`Cookies::read`] opens it and [`write`](Cookies::write) appends what was set.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "a=1; __Host-Http-session=s3cr3t".parse().unwrap());
///
/// let cookies = Cookies::read(&request, testing::https());
/// assert_eq!(cookies.get::<Session>().unwrap().unwrap().0, "s3cr3t");
/// cookies.set(Session("new".into())).unwrap();
///
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(
///     response["set-cookie"],
///     "__Host-Http-session=new; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
/// );
/// ```
pub struct Cookies<S: Scheme = Https> {
    exchange: Arc<Exchange>,
    scheme: PhantomData<fn() -> S>,
}

/// What the clones share.
pub(crate) struct Exchange {
    verdict: Verdict,
    fields: Fields,
    in_force: OnceLock<InForce>,
    #[cfg(feature = "seal")]
    keyring: OnceLock<crate::seal::Keyring>,
    pending: Mutex<Pending>,
}

/// The request's `Cookie` fields. Most requests have one at most, which needs no list.
enum Fields {
    One(Option<HeaderValue>),
    Several(Vec<HeaderValue>),
}

impl Fields {
    fn of(request: &HeaderMap) -> Self {
        let mut fields = request.get_all(COOKIE).iter();
        match (fields.next(), fields.next()) {
            (Some(first), Some(second)) => {
                Fields::Several([first, second].into_iter().chain(fields).cloned().collect())
            }
            (one, _) => Fields::One(one.cloned()),
        }
    }

    fn as_slice(&self) -> &[HeaderValue] {
        match self {
            Fields::One(field) => field.as_slice(),
            Fields::Several(fields) => fields,
        }
    }
}

#[derive(Default)]
struct Pending {
    sent: bool,
    lines: Vec<Line>,
}

impl<S: Scheme> Cookies<S> {
    /// Opens the jar of one exchange on the request's fields.
    ///
    /// `scheme` is an [`Https`], a [`PlainHttp`], or [`AnyScheme::from`] what a [`Listener`](crate::Listener) judged.
    #[must_use]
    pub fn read(request: &HeaderMap, scheme: S) -> Self {
        Cookies::over(Arc::new(Exchange::open(request, scheme.verdict())))
    }

    /// Gives the jar the policy that holds now: its `cookie_domain` for one. The first one given stays.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, Policy, PolicyHandle, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(domain = environment)]
    /// struct Sso(String);
    ///
    /// let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).policy(&policy);
    /// cookies.set(Sso("a".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(response["set-cookie"].to_str().unwrap().contains("; Domain=example.com;"));
    /// ```
    #[must_use]
    pub fn policy(self, handle: &PolicyHandle) -> Self {
        // A second policy for one exchange would be half of two: the first stays.
        let _ = self.exchange.in_force.set(handle.in_force());
        self
    }

    /// Gives the jar the keyring that signs and seals, where there is no policy or another one is wanted than the
    /// policy's. The first one given stays.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, Key, Keyring, SetError, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(sealed)]
    /// struct Session(String);
    ///
    /// let without = Cookies::read(&http::HeaderMap::new(), testing::https());
    /// assert!(matches!(without.set(Session("s3cr3t".into())), Err(SetError::NoKeyring { .. })));
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).keyring(&keyring);
    /// cookies.set(Session("s3cr3t".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(!response["set-cookie"].to_str().unwrap().contains("s3cr3t"));
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn keyring(self, keyring: &crate::seal::Keyring) -> Self {
        let _ = self.exchange.keyring.set(keyring.clone());
        self
    }

    /// Reads what the request carried, never what is pending. `None` where it carried nothing.
    ///
    /// Of a signed or sealed cookie that came several times only the values that verify count.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotHttps`] where a Secure cookie came over plain HTTP, [`ReadError::Ambiguous`] where the name
    /// came with several values, [`ReadError::Malformed`] where the value is not one of the type's; of a signed or sealed
    /// one [`ReadError::NoKeyring`], [`ReadError::BadSeal`], [`ReadError::Expired`] and [`ReadError::UnknownKey`] too.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, ReadError, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.append("cookie", "__Host-Http-cart=7".parse().unwrap());
    /// assert_eq!(Cookies::read(&request, testing::https()).get().unwrap(), Some(Cart(7)));
    ///
    /// request.append("cookie", "__Host-Http-cart=8".parse().unwrap());
    /// let twice = Cookies::read(&request, testing::https()).get::<Cart>();
    /// assert!(matches!(twice, Err(ReadError::Ambiguous { cookie: "__Host-Http-cart", .. })));
    /// ```
    pub fn get<T: ReadCookie + AllowedOver<S>>(&self) -> Result<Option<T>, ReadError> {
        let mut found = None;
        match self.exchange.find(Declaration::of::<T>(), &mut found) {
            Ok(()) => Ok(found),
            Err(error) => Err(error),
        }
    }

    /// Reads every value that the request carried under the cookie's name, in order.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", "__Host-Http-cart=7; __Host-Http-cart=x; __Host-Http-cart=8".parse().unwrap());
    /// let cookies = Cookies::read(&request, testing::https());
    /// let carts: Vec<Option<u32>> = cookies.get_all::<Cart>().map(|cart| cart.ok().map(|cart| cart.0)).collect();
    /// assert_eq!(carts, [Some(7), None, Some(8)]);
    /// ```
    pub fn get_all<T: ReadCookie + AllowedOver<S>>(&self) -> impl Iterator<Item = Result<T, ReadError>> {
        let (exchange, declared) = (&*self.exchange, Declaration::of::<T>());
        read::values(exchange.fields.as_slice(), declared.spec.name).filter_map(move |raw| {
            let mut found = None;
            exchange.decode(declared, raw, &mut found).map(|()| found).transpose()
        })
    }

    /// Sets a cookie in the response. The last of one (name, Path, Domain) is kept.
    ///
    /// # Errors
    ///
    /// Every [`SetError`]; nothing of this cookie is sent then, and what else was set is kept.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookie, Cookies, Listener, SetError};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let scheme = AnyScheme::from(Listener::plain().scheme(&parts, None));
    /// let cookies = Cookies::read(&parts.headers, scheme);
    /// assert!(matches!(cookies.set(Session("a".into())), Err(SetError::NotHttps { .. })));
    /// ```
    pub fn set<C: IntoSetCookie + AllowedOver<S>>(&self, cookie: C) -> Result<(), SetError> {
        cookie.set_in(self)
    }

    /// Removes a cookie, whether or not the request carried it: the same name, Path, Domain and flags, an empty value,
    /// `Max-Age=0` and a past `Expires`.
    ///
    /// # Errors
    ///
    /// As [`set`](Cookies::set).
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https());
    /// cookies.set(Session("a".into())).unwrap();
    /// cookies.remove::<Session>().unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert_eq!(response.get_all("set-cookie").iter().count(), 1);
    /// assert!(response["set-cookie"].to_str().unwrap().starts_with("__Host-Http-session=; Path=/; Max-Age=0; "));
    /// ```
    pub fn remove<T: Cookie + AllowedOver<S>>(&self) -> Result<(), SetError> {
        self.exchange.add(Declaration::of::<T>(), None, &Varied::NOTHING)
    }

    /// Appends what was set to the response's fields, raised to the floor of the policy that the jar was given, and closes
    /// the jar. A second call appends nothing.
    pub fn write(&self, response: &mut HeaderMap) {
        self.exchange.write(response);
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    pub(crate) fn over(exchange: Arc<Exchange>) -> Self {
        Cookies { exchange, scheme: PhantomData }
    }
}

impl Cookies<AnyScheme> {
    /// The same jar, where the exchange is HTTPS.
    ///
    /// # Errors
    ///
    /// [`PlainHttp`], with the evidence, where it is not.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookies, testing};
    ///
    /// let cookies = Cookies::read(&http::HeaderMap::new(), AnyScheme::from(testing::https()));
    /// assert!(cookies.https().is_ok());
    /// ```
    pub fn https(&self) -> Result<Cookies<Https>, PlainHttp> {
        self.exchange.verdict.judged().map(|_| Cookies::over(self.exchange.clone()))
    }
}

impl<S: Scheme> Clone for Cookies<S> {
    fn clone(&self) -> Self {
        Cookies::over(self.exchange.clone())
    }
}

/// Shows names; never values.
impl<S: Scheme> fmt::Debug for Cookies<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read: Vec<_> = self
            .exchange
            .fields
            .as_slice()
            .iter()
            .flat_map(|field| read::pairs(field.as_bytes()))
            .map(|(name, _)| String::from_utf8_lossy(name))
            .collect();
        let pending = self.exchange.pending();
        let set: Vec<_> = pending.lines.iter().map(|line| line.name).collect();
        f.debug_struct("Cookies").field("read", &read).field("set", &set).field("sent", &pending.sent).finish()
    }
}

impl Exchange {
    pub(crate) fn open(request: &HeaderMap, verdict: Verdict) -> Self {
        Exchange {
            verdict,
            fields: Fields::of(request),
            in_force: OnceLock::new(),
            #[cfg(feature = "seal")]
            keyring: OnceLock::new(),
            pending: Mutex::default(),
        }
    }

    #[cfg(feature = "_layer")]
    pub(crate) fn under(request: &HeaderMap, verdict: Verdict, in_force: InForce) -> Self {
        let exchange = Exchange::open(request, verdict);
        let _ = exchange.in_force.set(in_force);
        exchange
    }

    #[cfg(feature = "_layer")]
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    pub(crate) fn write(&self, response: &mut HeaderMap) {
        append(self.close(), response, self.in_force.get());
    }

    /// Closes the jar: what is set from here on is too late.
    pub(crate) fn close(&self) -> Vec<Line> {
        let mut pending = self.pending();
        pending.sent = true;
        core::mem::take(&mut pending.lines)
    }

    pub(crate) fn add(
        &self,
        declared: Declaration,
        value: Option<&dyn Value>,
        varied: &Varied,
    ) -> Result<(), SetError> {
        // One look: a policy that another clone gives meanwhile counts whole or not at all.
        let policy = self.policy_in_force();
        let (keys, environment) = (self.keys(declared.spec, policy), policy.and_then(Policy::cookie_domain));
        let line = line(declared, value, varied, self.verdict, environment, keys);
        line.and_then(|line| self.keep(line)).inspect_err(|error| {
            let evidence = error.evidence();
            // With the evidence the event says all that the error does.
            let reason: &dyn fmt::Display =
                if evidence.is_some() { &"a Secure cookie is not sent over plain HTTP" } else { error };
            let (kind, cookie) = (EventKind::SetRefused, Some(error.cookie()));
            self.tell(Event { kind, cookie, rule: error.rule(), reason, evidence });
        })
    }

    fn keep(&self, line: Line) -> Result<(), SetError> {
        let mut pending = self.pending();
        if pending.sent {
            return Err(SetError::ResponseSent { cookie: line.name });
        }
        if let Some(earlier) = pending.lines.iter().position(|earlier| line.replaces(earlier)) {
            pending.lines.remove(earlier);
        }
        pending.lines.push(line);
        Ok(())
    }

    /// Reads the one value that came, if one did.
    fn find(&self, declared: Declaration, room: &mut dyn Room) -> Result<(), ReadError> {
        match read::one(self.fields.as_slice(), declared.spec.name) {
            Found::Nothing => Ok(()),
            Found::One(raw) => self.decode(declared, raw, room),
            Found::Different => {
                self.admit(declared)?;
                match declared.spec.seal {
                    Some(seal) => self.verified(declared, seal, room),
                    None => Err(self.ambiguous(declared)),
                }
            }
        }
    }

    fn decode(&self, declared: Declaration, raw: &[u8], room: &mut dyn Room) -> Result<(), ReadError> {
        self.admit(declared)?;
        let value = match declared.spec.seal {
            None => read::text(raw, declared.spec).and_then(|text| room.read(&text)),
            Some(seal) => self
                .unseal(declared, seal, raw, |text| room.read(text.as_deref().ok_or(read::NOT_UTF8)?))
                .map_err(|error| self.refused(error))?,
        };
        value.map_err(|source| self.malformed(declared, source))
    }

    /// Of the values of a signed or sealed cookie the one that verifies: one that somebody tossed does not.
    fn verified(&self, declared: Declaration, seal: Seal, room: &mut dyn Room) -> Result<(), ReadError> {
        let (mut found, mut refused) = (None, None);
        for raw in read::values(self.fields.as_slice(), declared.spec.name) {
            match self.unseal(declared, seal, raw, |text| text.map(Cow::into_owned)) {
                Ok(text) if found.as_ref().is_some_and(|found| *found != text) => {
                    return Err(self.ambiguous(declared));
                }
                Ok(text) => found = Some(text),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match (found, refused) {
            (None, Some(error)) => Err(self.refused(error)),
            (found, _) => {
                let text = found.flatten().ok_or(read::NOT_UTF8);
                text.and_then(|text| room.read(&text)).map_err(|source| self.malformed(declared, source))
            }
        }
    }

    fn unseal<R>(
        &self,
        declared: Declaration,
        seal: Seal,
        raw: &[u8],
        then: impl FnOnce(Option<Cow<'_, str>>) -> R,
    ) -> Result<R, ReadError> {
        let keys = self.keys(declared.spec, self.policy_in_force());
        sealing::open(declared.spec.name, raw, seal, keys, || self.removal(declared), then)
    }

    /// What signs and seals this cookie in this exchange; nothing for one that is neither.
    #[cfg(feature = "seal")]
    fn keys<'a>(&'a self, declared: &Spec, policy: Option<&'a Policy>) -> Keys<'a> {
        if declared.seal.is_none() {
            return Keys::default();
        }
        let keyring = self.keyring.get().or(policy.and_then(Policy::keyring));
        let floored = policy.filter(|policy| policy.exception(declared.name.as_bytes()).is_none());
        Keys { keyring, longest: floored.and_then(|policy| policy.floor().longest()) }
    }

    #[cfg(not(feature = "seal"))]
    fn keys<'a>(&'a self, _: &Spec, _: Option<&'a Policy>) -> Keys<'a> {
        Keys::default()
    }

    fn ambiguous(&self, declared: Declaration) -> ReadError {
        let removal = self.removal(declared);
        self.refused(ReadError::Ambiguous { cookie: declared.spec.name, removal })
    }

    /// The error of a text that is not one of the type's values.
    fn malformed(&self, declared: Declaration, source: InvalidValue) -> ReadError {
        let removal = self.removal(declared);
        self.refused(ReadError::Malformed { cookie: declared.spec.name, source, removal })
    }

    /// Tells the error on its way out.
    fn refused(&self, error: ReadError) -> ReadError {
        let evidence = error.evidence();
        let reason: &dyn fmt::Display =
            if evidence.is_some() { &"a Secure cookie is not believed over plain HTTP" } else { &error };
        let (kind, cookie) = (EventKind::ReadRefused, Some(error.cookie()));
        self.tell(Event { kind, cookie, rule: error.rule(), reason, evidence });
        error
    }

    pub(crate) fn tell(&self, event: Event<'_>) {
        match self.in_force.get() {
            Some(in_force) => in_force.tell(event),
            None => log(event),
        }
    }

    /// Tells of cookies that were set, and that no response carries.
    pub(crate) fn lost(&self, lines: &[Line], reason: &'static str) {
        if lines.is_empty() {
            return;
        }
        let names = lines.iter().map(|line| line.name).collect::<Vec<_>>().join(", ");
        let (kind, cookie) = (EventKind::Mistake, Some(&*names));
        self.tell(Event { kind, cookie, rule: "never-sent", reason: &reason, evidence: None });
    }

    /// A Secure cookie that comes over plain HTTP may be anybody's.
    fn admit(&self, declared: Declaration) -> Result<(), ReadError> {
        if declared.spec.secure && !self.verdict.https {
            let (cookie, evidence) = (declared.spec.name, self.verdict.evidence);
            return Err(self.refused(ReadError::NotHttps { cookie, evidence }));
        }
        Ok(())
    }

    fn removal(&self, declared: Declaration) -> Removal {
        // Who sets a `read_only` cookie removes it.
        if declared.spec.read_only {
            return Removal(None);
        }
        let removal = header_value(declared, None, &Varied::NOTHING, self.verdict, self.environment(), Keys::default());
        Removal(removal.ok())
    }

    fn environment(&self) -> Option<&str> {
        self.policy_in_force().and_then(Policy::cookie_domain)
    }

    fn policy_in_force(&self) -> Option<&Policy> {
        self.in_force.get().map(|in_force| &*in_force.policy)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Nothing panics while the lock is held; if it did, the lines are whole.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let pending = self.pending.get_mut().unwrap_or_else(PoisonError::into_inner);
        let lines = core::mem::take(&mut pending.lines);
        self.lost(&lines, "set and never sent; call `Cookies::write` on the response, or add the policy's layer");
    }
}

#[cfg(all(test, hardtack_loom))]
mod every_order;
