//! One cookie's declaration between `check`, which makes it of arguments, and `expand`, which writes it as impls. Any
//! value may be an expression that only the compiler sees through.

use core::time::Duration;

use hardtack_rules::check::Argument;
use hardtack_rules::{SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};

/// A declaration that can be expanded: checked as far as the macro sees.
pub(crate) struct Declaration {
    pub(crate) name: Name,
    pub(crate) path: Option<Constant<String>>,
    pub(crate) domain: Option<Scope>,
    pub(crate) max_age: Option<Constant<Duration>>,
    pub(crate) same_site: SameSite,
    /// Where its word is written: an editor leads from there to what it means.
    pub(crate) same_site_span: Span,
    pub(crate) http_only: bool,
    pub(crate) secure: bool,
    pub(crate) partitioned: bool,
    pub(crate) read_only: bool,
    pub(crate) seal: Option<Sealing>,
    pub(crate) reason: Option<String>,
    /// Whether it stands in for one that was refused.
    pub(crate) is_refused: bool,
    /// What a `const` must ask, and where it says so.
    pub(crate) questions: Vec<Question>,
}

/// How the value is protected, and the key that says so.
#[derive(Clone, Copy)]
pub(crate) struct Sealing {
    pub(crate) seal: Seal,
    pub(crate) span: Span,
}

/// A constant expression, of which a `const` asks what the macro cannot see.
pub(crate) struct Question {
    pub(crate) at: Argument,
    pub(crate) tokens: TokenStream,
    /// What the build denies there.
    pub(crate) denied: Option<Denied>,
}

/// What the build denies of a constant expression, and the sentences for it.
pub(crate) struct Denied {
    /// That the argument trips its lint; empty where it may.
    pub(crate) lint: String,
    /// The longest life in seconds, and that it is longer.
    pub(crate) limit: Option<(u64, String)>,
}

/// A value that the macro sees, or an expression that it does not.
#[derive(Clone)]
pub(crate) enum Constant<T> {
    Literal(T),
    Expression(TokenStream),
}

pub(crate) enum Name {
    /// Written, or derived from what the macro sees; whole.
    Literal {
        text: String,
        explicit: bool,
    },
    Expression(TokenStream),
    /// Derived, under the prefix that a constant path allows.
    Derived(String),
}

#[derive(Clone)]
pub(crate) enum Scope {
    Domain(Constant<String>),
    Environment,
}

impl Declaration {
    /// The declaration as far as the macro sees it; what it does not see breaks no rule.
    pub(crate) fn spec(&self) -> Spec<'_> {
        // Each field by name, so that the compiler asks for a new one here.
        let Declaration {
            name,
            path,
            domain,
            max_age,
            same_site,
            same_site_span: _,
            http_only,
            secure,
            partitioned,
            read_only,
            seal,
            reason,
            is_refused: _,
            questions: _,
        } = self;
        let mut spec = match name {
            Name::Literal { text, explicit: true } => Spec::new(text).explicit_name(),
            Name::Literal { text, explicit: false } => Spec::new(text),
            Name::Expression(_) => Spec::new("unseen").explicit_name(),
            Name::Derived(_) => Spec::new("unseen"),
        };
        if let Some(Constant::Literal(path)) = path {
            spec.path = path;
        }
        match domain {
            Some(Scope::Domain(Constant::Literal(domain))) => spec.domain = Some(domain),
            Some(Scope::Domain(Constant::Expression(_))) => spec.domain = Some("unseen.example"),
            Some(Scope::Environment) => spec.environment_domain = true,
            None => {}
        }
        if let Some(Constant::Literal(max_age)) = max_age {
            spec.max_age = Some(*max_age);
        }
        spec.same_site = *same_site;
        spec.http_only = *http_only;
        spec.secure = *secure;
        spec.partitioned = *partitioned;
        spec.read_only = *read_only;
        spec.seal = seal.map(|sealing| sealing.seal);
        spec.reason = reason.as_deref();
        spec
    }

    /// Whether the macro sees all of its line.
    pub(crate) fn is_seen(&self) -> bool {
        matches!(self.name, Name::Literal { .. })
            && !matches!(self.path, Some(Constant::Expression(_)))
            && !matches!(self.domain, Some(Scope::Domain(Constant::Expression(_))))
            && !matches!(self.max_age, Some(Constant::Expression(_)))
    }
}
