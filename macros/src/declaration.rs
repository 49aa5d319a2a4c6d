//! The declaration of one cookie. The module `check` builds the declaration from the arguments of the attribute. The
//! module `expand` generates impls from the declaration. Each value in the declaration is a literal or a constant
//! expression. Only the compiler can evaluate a constant expression.

use core::time::Duration;

use hardtack_rules::check::Argument;
use hardtack_rules::date::Day;
use hardtack_rules::{DeviceBinding, Former, FormerDomain, SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};

use crate::deny::DenyText;

/// A declaration from which `expand` can generate code. The literals in the declaration are already checked.
pub(crate) struct Declaration {
    pub(crate) name: Name,
    pub(crate) path: Option<Constant<String>>,
    pub(crate) domain: Option<DomainSource>,
    pub(crate) max_age: Option<Constant<Duration>>,
    pub(crate) idle: Option<Constant<Duration>>,
    pub(crate) same_site: SameSite,
    /// The span of the word that the user wrote for `same_site`, such as `Strict`. In the generated code, the variant
    /// of `SameSite` has the span of the user's word. So an editor shows the variant's docs at the user's word.
    pub(crate) same_site_span: Span,
    pub(crate) http_only: bool,
    pub(crate) secure: bool,
    pub(crate) partitioned: bool,
    pub(crate) read_only: bool,
    pub(crate) keyed: bool,
    pub(crate) former: Vec<FormerEntry>,
    pub(crate) seal: Option<SealArgument>,
    pub(crate) device_bound: Option<DeviceBoundArgument>,
    pub(crate) reason: Option<String>,
    /// True if [`Declaration::permissive`] returned this declaration.
    pub(crate) is_permissive: bool,
    /// The checks for arguments that are constant expressions.
    pub(crate) const_checks: Vec<ConstCheck>,
    /// The checks of earlier names and scopes. Each of these checks needs the value of a constant expression.
    pub(crate) former_checks: Vec<FormerCheck>,
    /// The settings that `HARDTACK_DENY` forbids, unless `HARDTACK_DENY` has an exception for the cookie.
    pub(crate) denied: Vec<DeniedSetting>,
}

/// The cryptographic protection of the cookie's value, and the span of the key `signed` or `sealed` in the declaration.
#[derive(Clone, Copy)]
pub(crate) struct SealArgument {
    pub(crate) seal: Seal,
    pub(crate) span: Span,
}

/// The key `device_bound`, with the span of the key.
#[derive(Clone)]
pub(crate) struct DeviceBoundArgument {
    /// The lifetime of the companion, if the user wrote it.
    pub(crate) every: Option<Constant<Duration>>,
    pub(crate) is_optional: bool,
    pub(crate) span: Span,
}

/// One `formerly(…)`: an earlier name or scope of the cookie.
#[derive(Default)]
pub(crate) struct FormerEntry {
    pub(crate) name: Option<Constant<String>>,
    pub(crate) domain: Option<DomainSource>,
    pub(crate) path: Option<Constant<String>>,
    pub(crate) partitioned: Option<bool>,
    pub(crate) raw: bool,
    pub(crate) unsigned: bool,
    /// The text of a valid day, exactly as the user wrote the day.
    pub(crate) until: Option<String>,
}

/// A check of one `formerly(…)`. The compiler runs the check in a `const` of the generated code, because the entry or
/// the declaration contains a constant expression.
pub(crate) struct FormerCheck {
    /// The index of the `formerly(…)` in the declaration.
    pub(crate) index: usize,
    /// The tokens at which the compiler shows an error.
    pub(crate) tokens: TokenStream,
    /// The error text if the entry weakens the cookie. `denied` is `None` if `HARDTACK_DENY` does not forbid this
    /// weakness.
    pub(crate) denied: Option<DenyText>,
}

/// A check of an argument that is a constant expression. The compiler runs the check in a `const` of the generated
/// code.
pub(crate) struct ConstCheck {
    pub(crate) argument: Argument,
    /// The tokens at which the compiler shows an error.
    pub(crate) tokens: TokenStream,
    /// The error texts if `HARDTACK_DENY` forbids the argument. `denied` is `None` if `HARDTACK_DENY` does not restrict
    /// the argument.
    pub(crate) denied: Option<DenyTexts>,
}

/// The error texts for one argument that the deny list restricts.
pub(crate) struct DenyTexts {
    /// The error text if the argument triggers a lint. `lint` is `None` if the deny list allows the lint.
    pub(crate) lint: Option<DenyText>,
    /// The longest lifetime that the deny list allows, in seconds, and the error text for a longer lifetime.
    pub(crate) limit: Option<(u64, DenyText)>,
}

/// A setting that the deny list forbids, unless the deny list has an exception for the cookie. An exception contains
/// the path of the cookie's module, and only the compiler knows this path. So a `const` of the generated code compares
/// the paths and reports the error.
pub(crate) struct DeniedSetting {
    /// The tokens at which the compiler shows the error.
    pub(crate) tokens: TokenStream,
    pub(crate) text: DenyText,
}

/// The value of an argument. The macro knows the value of a literal. Only the compiler knows the value of a constant
/// expression.
#[derive(Clone)]
pub(crate) enum Constant<T> {
    Literal(T),
    Expression(TokenStream),
}

/// The cookie's name.
pub(crate) enum Name {
    /// The whole name, including the prefix.
    Literal {
        text: String,
        /// True if the user wrote the name. False if the name comes from the name of the type or field.
        explicit: bool,
    },
    /// A name that is a constant expression.
    Expression(TokenStream),
    /// The name of the type or field in snake case, without a prefix. The macro does not know the prefix: the prefix
    /// depends on the path, and the path is a constant expression.
    Derived(String),
}

/// The operations that a program can perform on a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The program sets, reads and removes the cookie.
    Settable,
    /// The program only reads the cookie: `read_only`.
    ReadOnly,
    /// The declaration describes a family of cookies: `keyed`.
    Keyed,
}

/// The source of the `Domain` attribute.
#[derive(Clone)]
pub(crate) enum DomainSource {
    /// The declaration contains the domain.
    Declared(Constant<String>),
    /// The declaration has `domain = policy`, so the domain is the policy's `cookie_domain`.
    Policy,
    /// The entry `formerly(…)` has `domain = none`, so the earlier cookie was host-only.
    HostOnly,
}

impl Declaration {
    /// Returns a declaration that allows every setting.
    ///
    /// The macros use a permissive declaration in two cases:
    ///
    /// - A declaration has errors. The macros then generate all impls and methods from the permissive declaration, so
    ///   that the user's code gets no further errors.
    /// - A field is `existing`. Then the field has no declaration of its own: its type is a declared cookie.
    pub(crate) fn permissive() -> Declaration {
        Declaration {
            name: Name::Literal { text: "invalid".to_owned(), explicit: true },
            path: None,
            domain: None,
            max_age: None,
            idle: None,
            same_site: SameSite::None,
            same_site_span: Span::call_site(),
            http_only: false,
            secure: false,
            partitioned: false,
            read_only: false,
            keyed: false,
            former: Vec::new(),
            seal: None,
            device_bound: None,
            reason: None,
            is_permissive: true,
            const_checks: Vec::new(),
            former_checks: Vec::new(),
            denied: Vec::new(),
        }
    }

    /// Converts the declaration to a `Spec`, which the checks of the crate `hardtack-rules` require. The `Spec`
    /// contains a valid placeholder for each constant expression. The `Spec` does not contain the earlier names and
    /// scopes.
    pub(crate) fn spec(&self) -> Spec<'_> {
        // The pattern contains no `..`, so a new field of `Declaration` causes a compile error until `spec` handles the
        // new field.
        let Declaration {
            name,
            path,
            domain,
            max_age,
            idle,
            same_site,
            same_site_span: _,
            http_only,
            secure,
            partitioned,
            read_only,
            keyed,
            former: _,
            seal,
            device_bound,
            reason,
            is_permissive: _,
            const_checks: _,
            former_checks: _,
            denied: _,
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
            Some(DomainSource::HostOnly) | None => {}
        }
        let duration = |duration: &Constant<Duration>| match duration {
            Constant::Literal(duration) => *duration,
            Constant::Expression(_) => Duration::from_secs(1),
        };
        spec.max_age = max_age.as_ref().map(duration);
        spec.idle = idle.as_ref().map(duration);
        spec.same_site = *same_site;
        spec.http_only = *http_only;
        spec.secure = *secure;
        spec.partitioned = *partitioned;
        spec.read_only = *read_only;
        spec.keyed = *keyed;
        spec.seal = seal.map(|argument| argument.seal);
        spec.device_bound = device_bound.as_ref().map(|argument| {
            let every = argument.every.as_ref().map_or(DeviceBinding::DEFAULT_EVERY, duration);
            let binding = DeviceBinding::new(every);
            if argument.is_optional { binding.optional() } else { binding }
        });
        spec.reason = reason.as_deref();
        spec
    }

    /// Converts the earlier names and scopes to `Former`, for the checks of the crate `hardtack-rules`. Returns `None`
    /// if a constant expression is in the declaration's name or scope, or in an earlier name or scope.
    pub(crate) fn former_entries(&self) -> Option<Vec<Former<'_>>> {
        let is_known = matches!(self.name, Name::Literal { .. })
            && !matches!(self.path, Some(Constant::Expression(_)))
            && !matches!(self.domain, Some(DomainSource::Declared(Constant::Expression(_))));
        if is_known { self.former.iter().map(FormerEntry::former).collect() } else { None }
    }

    pub(crate) fn access(&self) -> Access {
        match (self.keyed, self.read_only) {
            (true, _) => Access::Keyed,
            (false, true) => Access::ReadOnly,
            (false, false) => Access::Settable,
        }
    }

    /// Returns true if every argument is a literal. If every argument is a literal, the macro itself can write the
    /// attributes of the header.
    pub(crate) fn is_literal(&self) -> bool {
        matches!(self.name, Name::Literal { .. })
            && !matches!(self.path, Some(Constant::Expression(_)))
            && !matches!(self.domain, Some(DomainSource::Declared(Constant::Expression(_))))
            && !matches!(self.max_age, Some(Constant::Expression(_)))
            && !matches!(self.idle, Some(Constant::Expression(_)))
    }

    /// Returns true if the macro cannot check the key `device_bound`. In this case, the name, the path or the lifetime
    /// of the companion is a constant expression, and only the compiler knows its value.
    pub(crate) fn is_device_bound_constant(&self) -> bool {
        self.device_bound.as_ref().is_some_and(|argument| {
            matches!(argument.every, Some(Constant::Expression(_)))
                || !matches!(self.name, Name::Literal { .. })
                || matches!(self.path, Some(Constant::Expression(_)))
        })
    }

    /// Returns true if only the compiler can check the key `idle`, because the `idle` or the `max_age` is a constant
    /// expression.
    pub(crate) fn is_idle_constant(&self) -> bool {
        let is_constant = |duration: &Option<Constant<Duration>>| matches!(duration, Some(Constant::Expression(_)));
        let is_complete = self.max_age.is_some() && self.seal.is_some() && !self.read_only;
        self.idle.is_some() && is_complete && (is_constant(&self.idle) || is_constant(&self.max_age))
    }
}

impl FormerEntry {
    /// Converts the entry to `Former`, for the checks of the crate `hardtack-rules`. Returns `None` if the entry
    /// contains a constant expression.
    fn former(&self) -> Option<Former<'_>> {
        fn literal(constant: &Constant<String>) -> Option<&str> {
            match constant {
                Constant::Literal(text) => Some(text),
                Constant::Expression(_) => None,
            }
        }
        let mut former = Former::new();
        if let Some(name) = &self.name {
            former.name = Some(literal(name)?);
        }
        if let Some(path) = &self.path {
            former.path = Some(literal(path)?);
        }
        former.domain = match &self.domain {
            Some(DomainSource::Declared(domain)) => FormerDomain::Domain(literal(domain)?),
            Some(DomainSource::Policy) => FormerDomain::Policy,
            Some(DomainSource::HostOnly) => FormerDomain::HostOnly,
            None => FormerDomain::Declared,
        };
        former.partitioned = self.partitioned;
        former.raw = self.raw;
        former.unsigned = self.unsigned;
        former.until = self.until.as_deref().and_then(Day::parse);
        Some(former)
    }
}
