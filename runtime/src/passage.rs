//! One exchange's way past the policy, whatever framework carries it. In: what a layer was given and a request's head;
//! out: an answer of the policy's own, or an open jar and a response that leaves strict. Knows no framework.

use http::header::SET_COOKIE;
use http::{Extensions, HeaderMap, Uri};

use crate::clock;
use crate::cookies::Cookies;
use crate::enforce::{Declared, Outgoing};
use crate::error::ExtractError;
use crate::exchange::Exchange;
use crate::host::Named;
use crate::listener::{Head, Listener};
use crate::plain_http::{self, Answer};
use crate::policy::{InForce, PolicyHandle};
use crate::removals::{Asked, Removals};
use crate::report::{Event, EventKind, log};
use crate::scheme::{Https, Scheme, Verdict};
use crate::sync::Arc;

/// What stands around an application: a policy, and how requests of this socket are judged.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    policy: PolicyHandle,
    listener: Arc<Listener>,
    removals: Option<Arc<Removals>>,
}

impl Gate {
    pub(crate) fn new(policy: PolicyHandle, listener: Listener) -> Self {
        Gate { policy, listener: Arc::new(listener), removals: None }
    }

    /// Completes removals without a Path: for a framework whose own jar writes such, on behalf of its sessions too.
    #[allow(dead_code, reason = "of a framework whose sessions remove by the name alone")]
    pub(crate) fn completing_removals(mut self) -> Self {
        self.removals = Some(Arc::default());
        self
    }

    /// Judges a request.
    ///
    /// # Errors
    ///
    /// The answer to give in the application's place.
    pub(crate) fn enter(&self, head: &Head<'_>) -> Result<Passage, Answer> {
        let in_force = self.policy.in_force();
        let verdict = self.listener.judge(head);
        if !verdict.https {
            if let Some(answer) = plain_http::answer(in_force.policy.force_https(), head.method, head.uri, head.headers)
            {
                tell(&in_force, &answer, verdict);
                return Err(answer);
            }
        }
        let host = Named::of(head.uri, head.headers).ok();
        let outgoing = Outgoing { in_force: in_force.clone(), verdict, host };
        let exchange = Arc::new(Exchange::open(head.headers, verdict));
        exchange.give_policy(in_force);
        let is_nested = head.extensions.get::<Open>().is_some();
        // What two layers completed would be sent twice.
        let removals =
            self.removals.clone().filter(|_| !is_nested).map(|removals| Box::new((removals, head.uri.clone())));
        Ok(Passage { exchange, outgoing, removals, is_nested, has_left: false })
    }
}

fn tell(in_force: &InForce, answer: &Answer, verdict: Verdict) {
    let (kind, reason): (_, &dyn core::fmt::Display) = match answer {
        Answer::Redirect(_) => (EventKind::PageRedirected, &"a page over plain HTTP"),
        Answer::Refuse(reason) => (EventKind::RequestRefused, reason),
    };
    in_force.tell(Event { kind, cookie: None, rule: "force-https", reason, evidence: Some(verdict.evidence) });
}

/// A layer's hold on the jar of one exchange.
pub(crate) struct Passage {
    exchange: Arc<Exchange>,
    outgoing: Outgoing,
    removals: Option<Box<(Arc<Removals>, Uri)>>,
    is_nested: bool,
    has_left: bool,
}

impl Passage {
    /// What the extractors of the exchange take.
    pub(crate) fn open(&self) -> Open {
        Open(self.exchange.clone())
    }

    /// Makes the response strict and writes the jar into it.
    ///
    /// `extensions` are the response's: [`Declared`] is taken out of them; under another layer ours are left for it.
    pub(crate) fn leave(&mut self, headers: &mut HeaderMap, extensions: &mut Extensions) {
        self.has_left = true;
        let lines = self.exchange.close();
        let from_jar = lines.len();
        let mut declared = extensions.remove::<Declared>().unwrap_or_default();
        if let Some((removals, uri)) = self.removals.as_deref().filter(|_| self.outgoing.hardens()) {
            let host = self.outgoing.host_name();
            let asked = Asked { host: host.as_deref(), path: uri.path() };
            removals.complete(headers, asked, &self.outgoing.in_force, clock::now());
        }
        self.outgoing.enforce(headers, &mut declared, lines);
        if self.is_nested {
            // As they leave: the outer layer compares them octet by octet.
            declared.0.extend(headers.get_all(SET_COOKIE).iter().rev().take(from_jar).cloned());
            extensions.insert(declared);
        }
    }

    /// Says that the application failed without a response: what was set is lost, and told.
    #[allow(dead_code, reason = "of a framework that does not make a response of each error")]
    pub(crate) fn fail(&mut self) {
        self.has_left = true;
        let reason =
            "set and lost: the service inside the layer failed without a response; make one of its error in there";
        self.exchange.lost(&self.exchange.close(), reason);
    }
}

impl Drop for Passage {
    /// A client that went away, or a handler that panicked, loses its cookies and is no mistake of the program's.
    fn drop(&mut self) {
        if !self.has_left {
            self.exchange.close();
        }
    }
}

/// The open jar, wherever a framework keeps what belongs to a request.
#[derive(Clone)]
pub(crate) struct Open(Arc<Exchange>);

/// Where the framework's `Option` of an extractor keeps the error, an adapter calls `cookies` and `https`; where it drops
/// it, the `maybe_` ones and `refusal`, and tells the refusal once it is one.
#[allow(dead_code, reason = "a framework's extractors take what they need")]
impl Open {
    /// The jar, for a handler that may have it.
    pub(crate) fn cookies<S: Scheme>(&self) -> Result<Cookies<S>, ExtractError> {
        self.maybe_cookies().ok_or_else(|| self.tell_refusal())
    }

    /// Proof of HTTPS, where the exchange is HTTPS.
    pub(crate) fn https(&self) -> Result<Https, ExtractError> {
        self.maybe_https().ok_or_else(|| self.tell_refusal())
    }

    /// Asks for the jar, and refuses nothing.
    pub(crate) fn maybe_cookies<S: Scheme>(&self) -> Option<Cookies<S>> {
        S::admits(self.0.verdict()).then(|| Cookies::over(self.0.clone()))
    }

    /// Asks for proof of HTTPS, and refuses nothing.
    pub(crate) fn maybe_https(&self) -> Option<Https> {
        self.0.verdict().judged().ok()
    }

    /// Refuses the exchange, and tells it.
    pub(crate) fn tell_refusal(&self) -> ExtractError {
        let (kind, rule, evidence) = (EventKind::RequestRefused, "not-https", self.0.verdict().evidence);
        self.0.tell(Event { kind, cookie: None, rule, reason: &"the handler needs HTTPS", evidence: Some(evidence) });
        self.refusal()
    }

    /// The error of a refusal, for who tells it later.
    pub(crate) fn refusal(&self) -> ExtractError {
        ExtractError::NotHttps { evidence: self.0.verdict().evidence }
    }
}

/// No layer opened a jar. `remedy` says in a sentence what to add, as one does in that framework.
pub(crate) fn missing(remedy: &'static str) -> ExtractError {
    let (error, kind) = (ExtractError::LayerMissing { remedy }, EventKind::Mistake);
    log(Event { kind, cookie: None, rule: "layer-missing", reason: &error, evidence: None });
    error
}
