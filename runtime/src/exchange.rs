//! The jar of one exchange: what the request carried, and what is pending for the response. Shared by all the views of it,
//! written once, closed when the head of the response leaves. Knows declarations as data, and no type.

use core::fmt;
use std::borrow::Cow;
use std::sync::PoisonError;

use hardtack_rules::Seal;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::declare::{Declaration, Room, Spec, Value};
use crate::error::{ReadError, Removal, SetError};
use crate::line::{Line, Varied, append, header_value, line};
use crate::policy::{InForce, Policy};
use crate::read::{self, Found};
use crate::report::{Event, EventKind, log};
use crate::scheme::Verdict;
use crate::sealing::{self, Keys};
use crate::sync::{Mutex, MutexGuard, OnceLock};
use crate::value::InvalidValue;

/// One exchange: what its request carried, and what its response will.
#[doc(hidden)]
pub struct Exchange {
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

    /// A second policy for one exchange would be half of two: the first stays.
    pub(crate) fn give_policy(&self, in_force: InForce) {
        let _ = self.in_force.set(in_force);
    }

    /// The first stays.
    #[cfg(feature = "seal")]
    pub(crate) fn give_keyring(&self, keyring: &crate::seal::Keyring) {
        let _ = self.keyring.set(keyring.clone());
    }

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

    /// Every raw value that came under the cookie's name.
    pub(crate) fn values(&self, declared: Declaration) -> impl Iterator<Item = &[u8]> {
        read::values(self.fields.as_slice(), declared.spec.name)
    }

    /// Reads the one value that came, if one did.
    pub(crate) fn find(&self, declared: Declaration, room: &mut dyn Room) -> Result<(), ReadError> {
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

    pub(crate) fn decode(&self, declared: Declaration, raw: &[u8], room: &mut dyn Room) -> Result<(), ReadError> {
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
        for raw in self.values(declared) {
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

    /// What is there to be shown: the names that came, those that are set, and whether the response has left.
    pub(crate) fn names(&self) -> (Vec<Cow<'_, str>>, Vec<&'static str>, bool) {
        let fields = self.fields.as_slice().iter();
        let read =
            fields.flat_map(|field| read::pairs(field.as_bytes())).map(|(name, _)| String::from_utf8_lossy(name));
        let pending = self.pending();
        (read.collect(), pending.lines.iter().map(|line| line.name).collect(), pending.sent)
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
