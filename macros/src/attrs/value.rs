//! Parses the value of one key of an attribute, such as the `"30d"` of `max_age = "30d"`.

use core::fmt::Display;
use core::time::Duration;

use hardtack_rules::date::Day;
use hardtack_rules::{SameSite, syntax};
use quote::ToTokens;
use syn::{Expr, ExprLit, Ident, Lit};

use super::Given;
use crate::declaration::{Constant, DomainSource};
use crate::errors::{Errors, nearest};
use crate::keys::{AttributeKey, Target};
use crate::names::Case;

/// A parser for the value of one key. Each method parses one kind of value. If the value is wrong, the method reports
/// an error and returns `None`.
pub(super) struct ValueParser<'a> {
    pub(super) word: &'a Ident,
    pub(super) key: AttributeKey,
    pub(super) target: Target,
    pub(super) value: Option<Expr>,
    pub(super) errors: &'a mut Errors,
}

impl ValueParser<'_> {
    pub(super) fn text(&mut self) -> Option<Given<Constant<String>>> {
        let text = self.literal_or_constant()?;
        self.given(text)
    }

    pub(super) fn domain(&mut self) -> Option<Given<DomainSource>> {
        const NONE: &str = "the word for a host-only cookie is `none`; write `domain = none`";
        let is_former = self.target == Target::Former;
        if let Some(Expr::Path(path)) = &self.value {
            if path.path.is_ident("policy") {
                return self.given(DomainSource::Policy);
            }
            if path.path.is_ident("none") && is_former {
                return self.given(DomainSource::HostOnly);
            }
            if path.path.is_ident("environment") {
                return self.reject("`domain = environment` is now `domain = policy`; write `policy`");
            }
            let word = path.to_token_stream().to_string();
            if word == "none" {
                return self.reject("`domain` takes no `none`; remove the key");
            }
            if matches!(word.as_str(), "None" | "host_only") && is_former {
                return self.reject(NONE);
            }
            // Names of constants are usually in capital letters. So a word in small letters that is similar to `policy`
            // is probably a misspelled `policy`.
            let words = ["policy", "environment"].into_iter().chain(is_former.then_some("none"));
            match nearest(&word, words).filter(|_| word.starts_with(char::is_lowercase)) {
                Some("none") => return self.reject(NONE),
                Some(_) => {
                    return self.reject("the word for the policy's domain is `policy`; write `domain = policy`");
                }
                None => {}
            }
        }
        let domain = self.literal_or_constant()?;
        self.given(DomainSource::Declared(domain))
    }

    pub(super) fn partitioned(&mut self) -> Option<Given<bool>> {
        match &self.value {
            Some(_) if self.target == Target::Former => self.boolean(),
            Some(_) | None => {
                let Given { key, tokens, value: () } = self.flag()?;
                Some(Given { key, tokens, value: true })
            }
        }
    }

    pub(super) fn day(&mut self) -> Option<Given<String>> {
        let day = self.literal()?;
        if Day::parse(&day.value).is_none() {
            return self
                .reject(format_args!("`until` is a day of the calendar; write it as in `{}`", self.key.example()));
        }
        Some(day)
    }

    pub(super) fn duration(&mut self) -> Option<Given<Constant<Duration>>> {
        if let Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) = &self.value {
            let text = format!("`{}` needs a unit; write \"{}s\" for seconds", self.word, number.base10_digits());
            return self.reject(text);
        }
        let literal = match self.literal_or_constant()? {
            Constant::Literal(literal) => literal,
            Constant::Expression(expression) => return self.given(Constant::Expression(expression)),
        };
        match syntax::parse_duration(&literal) {
            Ok(duration) => self.given(Constant::Literal(duration)),
            Err(_) if !literal.is_empty() && literal.bytes().all(|byte| byte.is_ascii_digit()) => {
                let text = format!("`{}` needs a unit; write \"{literal}s\" for seconds", self.word);
                self.reject(text)
            }
            Err(fault) => self.reject(fault),
        }
    }

    pub(super) fn same_site(&mut self) -> Option<Given<SameSite>> {
        const WORDS: [&str; 3] = ["Strict", "Lax", "None"];
        let word = match &self.value {
            Some(Expr::Path(path)) => path.path.segments.last().map(|last| last.ident.to_string()),
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
            _ => None,
        };
        let is_bare = matches!(&self.value, Some(Expr::Path(path)) if path.path.get_ident().is_some());
        let same_site = match word.as_deref() {
            Some("Strict") if is_bare => SameSite::Strict,
            Some("Lax") if is_bare => SameSite::Lax,
            Some("None") if is_bare => SameSite::None,
            Some(word) => {
                let text = match nearest(word, WORDS) {
                    Some(meant) => format!("`same_site` takes one of three words; write `same_site = {meant}`"),
                    None => "`same_site` takes `Strict`, `Lax` or `None`".to_owned(),
                };
                return self.reject(text);
            }
            None => return self.reject("`same_site` takes `Strict`, `Lax` or `None`"),
        };
        self.given(same_site)
    }

    pub(super) fn boolean(&mut self) -> Option<Given<bool>> {
        let Some(Expr::Lit(ExprLit { lit: Lit::Bool(boolean), .. })) = &self.value else {
            let text = match &self.value {
                None => {
                    format!("`{0}` takes `true` or `false`, and is `true` without being written; remove it", self.word)
                }
                Some(value) => match meant_boolean(value) {
                    Some(meant) => format!("`{0}` takes `true` or `false`; write `{0} = {meant}`", self.word),
                    None => format!("`{}` takes `true` or `false`", self.word),
                },
            };
            return self.reject(text);
        };
        self.given(boolean.value)
    }

    pub(super) fn flag(&mut self) -> Option<Given<()>> {
        if self.value.is_some() {
            let text = format!("`{}` takes no value; remove the value, or the whole key to leave it off", self.word);
            return self.reject(text);
        }
        self.given(())
    }

    pub(super) fn literal(&mut self) -> Option<Given<String>> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => self.given(text.value()),
            _ => {
                let text = format!("`{}` takes a string literal, as in `{}`", self.word, self.key.example());
                self.reject(text)
            }
        }
    }

    pub(super) fn case(&mut self) -> Option<Given<Case>> {
        let name = self.literal()?.value;
        let Some(case) = Case::from_name(&name) else {
            return self.reject(match nearest(&name, Case::names()) {
                Some(meant) => format!("unknown spelling; write \"{meant}\""),
                None => {
                    let names = Case::names().map(|name| format!("\"{name}\""));
                    format!("unknown spelling; write one of {}", names.join(", "))
                }
            });
        };
        self.given(case)
    }

    pub(super) fn path(&mut self) -> Option<Given<()>> {
        match &self.value {
            // The path cannot have generic arguments, because `use ::hardtack::<u8>::private` does not parse.
            Some(Expr::Path(path))
                if path.qself.is_none() && path.path.segments.iter().all(|segment| segment.arguments.is_none()) =>
            {
                self.given(())
            }
            _ => self.reject("`crate` takes a path, as in `crate = ::hardtack`"),
        }
    }

    fn literal_or_constant(&mut self) -> Option<Constant<String>> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(Constant::Literal(text.value())),
            Some(Expr::Lit(_)) | None => {
                let expected = match self.key {
                    AttributeKey::MaxAge | AttributeKey::Idle | AttributeKey::Every => {
                        "a duration or a `const` `Duration`"
                    }
                    _ => "a string literal or a `const`",
                };
                self.reject(format!("`{}` takes {expected}, as in `{}`", self.word, self.key.example()))
            }
            Some(Expr::Path(path)) if path.path.is_ident("None") => {
                self.reject(format!("`{}` takes no `None`; remove the key", self.word))
            }
            Some(constant) => Some(Constant::Expression(constant.to_token_stream())),
        }
    }

    /// Returns the parsed value together with the value's tokens.
    fn given<T>(&self, value: T) -> Option<Given<T>> {
        let tokens = self.value.as_ref().map_or_else(|| self.word.to_token_stream(), ToTokens::to_token_stream);
        Some(Given { key: self.word.span(), tokens, value })
    }

    fn reject<T>(&mut self, text: impl Display) -> Option<T> {
        match &self.value {
            Some(value) => self.errors.push_on(value, text),
            None => self.errors.push(self.word.span(), text),
        }
        None
    }
}

/// Returns the boolean that the user probably means with a word such as `yes` or `off`.
fn meant_boolean(value: &Expr) -> Option<bool> {
    let word = match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        value => value.to_token_stream().to_string(),
    };
    match word.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
