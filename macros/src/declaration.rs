//! The declaration of one cookie: `check` builds it from the arguments, and `expand` writes it as impls.
//! Each value is a literal, or a constant expression that only the compiler can evaluate.

use core::time::Duration;

use hardtack_rules::check::Argument;
use hardtack_rules::{SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};

/// A declaration that can be expanded. Its literals are already checked.
pub(crate) struct Declaration {
    pub(crate) name: Name,
    pub(crate) path: Option<Constant<String>>,
    pub(crate) domain: Option<DomainSource>,
    pub(crate) max_age: Option<Constant<Duration>>,
    pub(crate) same_site: SameSite,
    /// The span of the word after `same_site`. The expansion puts the `SameSite` variant there, so that an editor shows
    /// the variant's docs on the word.
    pub(crate) same_site_span: Span,
    pub(crate) http_only: bool,
    pub(crate) secure: bool,
    pub(crate) partitioned: bool,
    pub(crate) read_only: bool,
    pub(crate) seal: Option<SealArgument>,
    pub(crate) reason: Option<String>,
    /// True for [`Declaration::permissive`].
    pub(crate) is_permissive: bool,
    /// The checks of the constant expressions.
    pub(crate) const_checks: Vec<ConstCheck>,
}

/// The seal of the value, with the span of the key `signed` or `sealed`.
#[derive(Clone, Copy)]
pub(crate) struct SealArgument {
    pub(crate) seal: Seal,
    pub(crate) span: Span,
}

/// A check that the expansion makes in a `const`, because the argument is a constant expression.
pub(crate) struct ConstCheck {
    pub(crate) argument: Argument,
    /// The tokens that an error is shown on.
    pub(crate) tokens: TokenStream,
    /// The error texts of `HARDTACK_DENY`, if the build denies anything for this argument.
    pub(crate) denied: Option<DenyTexts>,
}

/// The error texts of what the build denies for one argument.
pub(crate) struct DenyTexts {
    /// The error text if the argument trips its lint. Empty if the build allows that.
    pub(crate) lint: String,
    /// The longest lifetime in seconds, and the error text for a longer one.
    pub(crate) limit: Option<(u64, String)>,
}

/// A literal, whose value is known to the macro, or a constant expression, whose value is known to the compiler only.
#[derive(Clone)]
pub(crate) enum Constant<T> {
    Literal(T),
    Expression(TokenStream),
}

/// The cookie's name.
pub(crate) enum Name {
    /// The whole name, prefix included.
    Literal {
        text: String,
        /// True if the user wrote the name. False if it comes from the name of the type or field.
        explicit: bool,
    },
    /// A constant expression.
    Expression(TokenStream),
    /// A name without its prefix, from the name of the type or field. The prefix depends on a constant path.
    Derived(String),
}

/// Where the `Domain` attribute comes from.
#[derive(Clone)]
pub(crate) enum DomainSource {
    /// From the declaration.
    Declared(Constant<String>),
    /// From the policy's `cookie_domain`.
    Policy,
}

impl Declaration {
    /// Returns the declaration that allows everything.
    ///
    /// It replaces a declaration that has errors, so that these errors stay the only ones: all impls and methods exist.
    /// It also fills in for the declaration of an `existing` field, which only the field's type has.
    pub(crate) fn permissive() -> Declaration {
        Declaration {
            name: Name::Literal { text: "invalid".to_owned(), explicit: true },
            path: None,
            domain: None,
            max_age: None,
            same_site: SameSite::None,
            same_site_span: Span::call_site(),
            http_only: false,
            secure: false,
            partitioned: false,
            read_only: false,
            seal: None,
            reason: None,
            is_permissive: true,
            const_checks: Vec::new(),
        }
    }

    /// Returns the declaration as the rule book reads it. Each constant expression is replaced by a value that breaks
    /// no rule.
    pub(crate) fn spec(&self) -> Spec<'_> {
        // Destructured without `..`, so that a new field does not compile until it is handled here.
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
            is_permissive: _,
            const_checks: _,
        } = self;
        let mut spec = match name {
            Name::Literal { text, explicit: true } => Spec::new(text).explicit_name(),
            Name::Literal { text, explicit: false } => Spec::new(text),
            Name::Expression(_) => Spec::new("unknown").explicit_name(),
            Name::Derived(_) => Spec::new("unknown"),
        };
        if let Some(Constant::Literal(path)) = path {
            spec.path = path;
        }
        match domain {
            Some(DomainSource::Declared(Constant::Literal(domain))) => spec.domain = Some(domain),
            Some(DomainSource::Declared(Constant::Expression(_))) => spec.domain = Some("unknown.example"),
            Some(DomainSource::Policy) => spec.policy_domain = true,
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
        spec.seal = seal.map(|argument| argument.seal);
        spec.reason = reason.as_deref();
        spec
    }

    /// Returns true if no argument is a constant expression, so that the macro itself can write the whole header.
    pub(crate) fn is_literal(&self) -> bool {
        matches!(self.name, Name::Literal { .. })
            && !matches!(self.path, Some(Constant::Expression(_)))
            && !matches!(self.domain, Some(DomainSource::Declared(Constant::Expression(_))))
            && !matches!(self.max_age, Some(Constant::Expression(_)))
    }
}
