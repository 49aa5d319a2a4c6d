//! `#[cookie(…)]` in, arguments out: the value of each key with the span of key and value. One wrong item spoils no
//! other: each is judged by itself. What values may mean together is `check`'s.

use core::fmt::Display;
use core::time::Duration;

use hardtack_rules::{Rule, SameSite, syntax};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token};

use crate::declaration::{Constant, Scope};
use crate::errors::{Errors, nearest};
use crate::keys::{self, Key, Meant, Place};
use crate::names::Case;

/// An argument that was written.
pub(crate) struct Given<T> {
    pub(crate) key: Span,
    /// The value's tokens; the key's own for a flag.
    pub(crate) tokens: TokenStream,
    pub(crate) value: T,
}

/// What one declaration says; what it does not say is the default.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<Given<Constant<String>>>,
    pub(crate) path: Option<Given<Constant<String>>>,
    pub(crate) domain: Option<Given<Scope>>,
    pub(crate) max_age: Option<Given<Constant<Duration>>>,
    pub(crate) same_site: Option<Given<SameSite>>,
    pub(crate) http_only: Option<Given<bool>>,
    pub(crate) secure: Option<Given<bool>>,
    pub(crate) partitioned: Option<Given<()>>,
    pub(crate) reason: Option<Given<String>>,
    pub(crate) read_only: Option<Given<()>>,
    pub(crate) json: Option<Given<()>>,
    pub(crate) signed: Option<Given<()>>,
    pub(crate) sealed: Option<Given<()>>,
    pub(crate) existing: Option<Given<()>>,
    pub(crate) rename_all: Option<Given<Case>>,
    pub(crate) rename: Option<Given<String>>,
    pub(crate) krate: Option<Given<()>>,
    /// Whether an item was refused: what it meant is not known.
    pub(crate) is_broken: bool,
    /// Whether an item that was refused may have been what excuses a weakening: the reason, or `read_only`.
    pub(crate) may_be_excused: bool,
    written: Vec<(Key, Span)>,
}

impl Arguments {
    /// The keys that were written, in order.
    pub(crate) fn written(&self) -> impl Iterator<Item = (Key, Span)> {
        self.written.iter().copied()
    }
}

/// Reads the `#[cookie(…)]` attributes among these.
pub(crate) fn of(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Arguments {
    let mut arguments = Arguments::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cookie")) {
        match &attribute.meta {
            Meta::List(list) => read(list.tokens.clone(), place, &mut arguments, errors),
            Meta::Path(path) => {
                errors.push_on(path, "`#[cookie]` without keys says nothing; write `#[cookie(…)]`, or remove it")
            }
            Meta::NameValue(pair) => errors.push_on(pair, "the keys stand in parentheses; write `#[cookie(…)]`"),
        }
    }
    arguments
}

/// Reads the arguments of `#[cookies(…)]`.
pub(crate) fn of_set(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut arguments = Arguments::default();
    read(tokens, Place::Set, &mut arguments, errors);
    arguments
}

/// The item without our attributes, for one that we cannot expand.
pub(crate) fn without_ours(mut input: DeriveInput) -> DeriveInput {
    let keep = |attributes: &mut Vec<Attribute>| attributes.retain(|attribute| !attribute.path().is_ident("cookie"));
    keep(&mut input.attrs);
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| keep(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                keep(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| keep(&mut field.attrs));
            }
        }
        Data::Union(data) => data.fields.named.iter_mut().for_each(|field| keep(&mut field.attrs)),
    }
    input
}

fn read(tokens: TokenStream, place: Place, arguments: &mut Arguments, errors: &mut Errors) {
    let before = errors.count();
    let items = |input: ParseStream<'_>| {
        while !input.is_empty() {
            item(input, place, arguments, errors);
        }
        Ok(())
    };
    if let Err(error) = items.parse2(tokens) {
        errors.push_parse(error);
    }
    arguments.is_broken |= errors.count() > before;
}

/// Reads one item and its comma; after an error goes on behind the next comma.
fn item(input: ParseStream<'_>, place: Place, arguments: &mut Arguments, errors: &mut Errors) {
    let Ok(word) = input.call(Ident::parse_any) else {
        let example = keys::words(place).next().and_then(Key::of).map_or("", Key::example);
        let what = match input.peek(LitStr) {
            true => "a text is not read here: each attribute has its key",
            false => "expected a key",
        };
        errors.push(input.span(), format_args!("{what}, as in `{example}`"));
        return skip(input);
    };
    arguments.may_be_excused |= excuses(Key::of(&word.unraw().to_string()));
    if input.peek(Token![-]) {
        hyphenated(&word, input, place, arguments, errors);
        return skip(input);
    }
    let value = if input.peek(Token![=]) {
        let equals: Option<Token![=]> = input.parse().ok();
        let start = input.fork();
        match input.parse::<Expr>() {
            Ok(value) => Some(value),
            Err(error) => {
                if start.is_empty() || start.peek(Token![,]) {
                    errors.push_on(equals, format_args!("`{word}` has no value after `=`; {}", expected(&word)));
                } else {
                    errors.push(error.span(), format_args!("expected a value for `{word}`; {}", expected(&word)));
                }
                return skip(input);
            }
        }
    } else if input.peek(syn::token::Paren) {
        errors.push(word.span(), format_args!("the value of `{word}` stands after `=`; {}", expected(&word)));
        return skip(input);
    } else if input.is_empty() || input.peek(Token![,]) || input.peek(Ident::peek_any) {
        None
    } else {
        errors.push(input.span(), format_args!("expected `=` between `{word}` and its value; {}", expected(&word)));
        return skip(input);
    };
    accept(&word, value, place, arguments, errors);
    if input.is_empty() || input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
        return;
    }
    if input.peek(Ident::peek_any) {
        // A comma was forgotten; the next item may be right.
        return errors.push(input.span(), "expected `,` before this key");
    }
    errors.push(input.span(), "expected `,` before the next key");
    skip(input);
}

/// `Max-Age`, as on the wire: one unknown key, not three pieces.
fn hyphenated(first: &Ident, input: ParseStream<'_>, place: Place, arguments: &mut Arguments, errors: &mut Errors) {
    let (mut tokens, mut written) = (first.to_token_stream(), first.to_string());
    while let Ok(Some(hyphen)) = input.parse::<Option<Token![-]>>() {
        let Ok(word) = input.call(Ident::parse_any) else { break };
        written.push_str(&format!("-{word}"));
        tokens.extend(quote!(#hyphen #word));
    }
    unknown(tokens, &written, input.peek(Token![=]), place, arguments, errors);
}

fn excuses(key: Option<Key>) -> bool {
    matches!(key, Some(Key::Reason | Key::ReadOnly))
}

fn expected(word: &Ident) -> String {
    match Key::of(&word.unraw().to_string()) {
        Some(key) => format!("write it as in `{}`", key.example()),
        None => "write a value, or remove the key".to_owned(),
    }
}

fn skip(input: ParseStream<'_>) {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            return;
        }
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

fn accept(word: &Ident, value: Option<Expr>, place: Place, arguments: &mut Arguments, errors: &mut Errors) {
    let written = word.unraw().to_string();
    let Some(key) = Key::of(&written) else {
        return unknown(word.to_token_stream(), &written, value.is_some(), place, arguments, errors);
    };
    if !key.may_stand(place) {
        return misplaced(word, key, place, errors);
    }
    if arguments.written.iter().any(|(earlier, _)| *earlier == key) {
        return errors
            .push(word.span(), format_args!("`{written}` is written twice; {}", Rule::DuplicateAttribute.remedy()));
    }
    arguments.written.push((key, word.span()));
    let mut taker = Taker { word, key, value: value.map(ungrouped), errors };
    match key {
        Key::Name => arguments.name = taker.text(),
        Key::Path => arguments.path = taker.text(),
        Key::Domain => arguments.domain = taker.domain(),
        Key::MaxAge => arguments.max_age = taker.life(),
        Key::SameSite => arguments.same_site = taker.same_site(),
        Key::HttpOnly => arguments.http_only = taker.boolean(),
        Key::Secure => arguments.secure = taker.boolean(),
        Key::Partitioned => arguments.partitioned = taker.flag(),
        Key::Reason => arguments.reason = taker.literal(),
        Key::ReadOnly => arguments.read_only = taker.flag(),
        Key::Json => arguments.json = taker.flag(),
        Key::Signed => arguments.signed = taker.flag(),
        Key::Sealed => arguments.sealed = taker.flag(),
        Key::Existing => arguments.existing = taker.flag(),
        Key::RenameAll => arguments.rename_all = taker.case(),
        Key::Rename => arguments.rename = taker.literal(),
        Key::Crate => arguments.krate = taker.path(),
    }
}

/// The truth that somebody wrote in the words of another language.
fn as_boolean(written: &Expr) -> Option<bool> {
    let word = match written {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        written => written.to_token_stream().to_string(),
    };
    match word.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn has_no_arguments(segment: &syn::PathSegment) -> bool {
    segment.arguments.is_none()
}

/// A value as it was written: a `macro_rules!` passes its fragments on in invisible groups.
fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        value => value,
    }
}

fn unknown(
    tokens: TokenStream,
    written: &str,
    has_value: bool,
    place: Place,
    arguments: &mut Arguments,
    errors: &mut Errors,
) {
    let meant = keys::meant(written, place);
    arguments.may_be_excused |= match meant {
        Some(Meant::Key(word)) => excuses(Key::of(word)),
        Some(Meant::Otherwise(_)) => false,
        None => true,
    };
    let remedy = match meant {
        Some(Meant::Key(meant @ ("secure" | "http_only"))) if !has_value => {
            format!("remove it: `{meant} = true` is the default")
        }
        Some(Meant::Key(meant)) => format!("write `{meant}`"),
        Some(Meant::Otherwise(remedy)) => remedy.to_owned(),
        None => {
            let all: Vec<_> = keys::words(place).map(|word| format!("`{word}`")).collect();
            match all.as_slice() {
                [only] => format!("the only key here is {only}"),
                all => format!("the keys are {}", all.join(", ")),
            }
        }
    };
    errors.push_on(tokens, format_args!("unknown key `{written}`; {remedy}"));
}

fn misplaced(word: &Ident, key: Key, place: Place, errors: &mut Errors) {
    let remedy = match (key, place) {
        (Key::Existing, _) => "belongs to a field of a `#[cookies]` struct; remove it",
        (Key::Rename, _) => {
            "belongs to a variant of a fieldless enum; move it there, or use `name` for the cookie's name"
        }
        (Key::RenameAll, _) => "belongs to the enum whose variants it renames; move it there",
        (Key::Crate, Place::Field) => "belongs to the struct; write `#[cookies(crate = …)]`",
        (Key::Crate, _) => "belongs to the type; move it there",
        (_, Place::Value) => {
            "declares a cookie, and `CookieValue` only a value; derive `Cookie`, or move it to the field"
        }
        (_, Place::Set) => "declares one cookie; move it to the field's `#[cookie(…)]`",
        (_, _) => "declares the cookie; move it to the type",
    };
    errors.push(word.span(), format_args!("`{}` {remedy}", key.word()));
}

/// One key and what was written after it.
struct Taker<'a> {
    word: &'a Ident,
    key: Key,
    value: Option<Expr>,
    errors: &'a mut Errors,
}

impl Taker<'_> {
    fn text(&mut self) -> Option<Given<Constant<String>>> {
        let text = self.literal_or_constant()?;
        self.given(text)
    }

    fn domain(&mut self) -> Option<Given<Scope>> {
        if let Some(Expr::Path(path)) = &self.value {
            if path.path.is_ident("environment") {
                return self.given(Scope::Environment);
            }
            // A constant is written in capitals.
            let word = path.to_token_stream().to_string();
            if word.starts_with(char::is_lowercase) && nearest(&word, ["environment"]).is_some() {
                return self.refuse("the word for the policy's domain is `environment`; write `domain = environment`");
            }
        }
        let domain = self.literal_or_constant()?;
        self.given(Scope::Domain(domain))
    }

    fn life(&mut self) -> Option<Given<Constant<Duration>>> {
        if let Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) = &self.value {
            let text = format!("`max_age` needs a unit; write \"{}s\" for seconds", number.base10_digits());
            return self.refuse(text);
        }
        let literal = match self.literal_or_constant()? {
            Constant::Literal(literal) => literal,
            Constant::Expression(life) => return self.given(Constant::Expression(life)),
        };
        match syntax::duration(&literal) {
            Ok(life) => self.given(Constant::Literal(life)),
            Err(_) if !literal.is_empty() && literal.bytes().all(|octet| octet.is_ascii_digit()) => {
                self.refuse(format_args!("`max_age` needs a unit; write \"{literal}s\" for seconds"))
            }
            Err(fault) => self.refuse(fault),
        }
    }

    fn same_site(&mut self) -> Option<Given<SameSite>> {
        const WORDS: [&str; 3] = ["Strict", "Lax", "None"];
        let written = match &self.value {
            Some(Expr::Path(path)) => path.path.segments.last().map(|last| last.ident.to_string()),
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
            _ => None,
        };
        let is_word = matches!(&self.value, Some(Expr::Path(path)) if path.path.get_ident().is_some());
        let same_site = match written.as_deref() {
            Some("Strict") if is_word => SameSite::Strict,
            Some("Lax") if is_word => SameSite::Lax,
            Some("None") if is_word => SameSite::None,
            Some(written) => {
                let text = match nearest(written, WORDS) {
                    Some(meant) => format!("`same_site` takes one of three words; write `same_site = {meant}`"),
                    None => "`same_site` takes `Strict`, `Lax` or `None`".to_owned(),
                };
                return self.refuse(text);
            }
            None => return self.refuse("`same_site` takes `Strict`, `Lax` or `None`"),
        };
        self.given(same_site)
    }

    fn boolean(&mut self) -> Option<Given<bool>> {
        let Some(Expr::Lit(ExprLit { lit: Lit::Bool(boolean), .. })) = &self.value else {
            let text = match self.value {
                None => {
                    format!("`{0}` takes `true` or `false`, and is `true` without being written; remove it", self.word)
                }
                Some(ref written) => match as_boolean(written) {
                    Some(meant) => format!("`{0}` takes `true` or `false`; write `{0} = {meant}`", self.word),
                    None => format!("`{}` takes `true` or `false`", self.word),
                },
            };
            return self.refuse(text);
        };
        self.given(boolean.value)
    }

    fn flag(&mut self) -> Option<Given<()>> {
        if self.value.is_some() {
            let text = format!("`{}` stands alone; remove the value, or the whole key to leave it off", self.word);
            return self.refuse(text);
        }
        self.given(())
    }

    fn literal(&mut self) -> Option<Given<String>> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => self.given(text.value()),
            _ => {
                let text = format!("`{}` takes a string literal, as in `{}`", self.word, self.key.example());
                self.refuse(text)
            }
        }
    }

    fn case(&mut self) -> Option<Given<Case>> {
        let spelling = self.literal()?.value;
        let Some(case) = Case::of(&spelling) else {
            return self.refuse(match nearest(&spelling, Case::words()) {
                Some(meant) => format!("unknown spelling; write \"{meant}\""),
                None => {
                    let words = Case::words().map(|word| format!("\"{word}\""));
                    format!("unknown spelling; write one of {}", words.join(", "))
                }
            });
        };
        self.given(case)
    }

    fn path(&mut self) -> Option<Given<()>> {
        match &self.value {
            // No crate has parameters, and `use ::hardtack::<u8>::private` would not parse.
            Some(Expr::Path(path)) if path.qself.is_none() && path.path.segments.iter().all(has_no_arguments) => {
                self.given(())
            }
            _ => self.refuse("`crate` takes a path, as in `crate = ::hardtack`"),
        }
    }

    fn literal_or_constant(&mut self) -> Option<Constant<String>> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(Constant::Literal(text.value())),
            Some(Expr::Lit(_)) | None => {
                let what = match self.key {
                    Key::MaxAge => "a duration or a `const` `Duration`",
                    _ => "a string literal or a `const`",
                };
                self.refuse(format!("`{}` takes {what}, as in `{}`", self.word, self.key.example()))
            }
            Some(Expr::Path(path)) if path.path.is_ident("None") => {
                self.refuse(format!("`{}` takes no `None`; remove the key", self.word))
            }
            Some(constant) => Some(Constant::Expression(constant.to_token_stream())),
        }
    }

    /// What was written, with its place.
    fn given<T>(&self, value: T) -> Option<Given<T>> {
        let tokens = self.value.as_ref().map_or_else(|| self.word.to_token_stream(), ToTokens::to_token_stream);
        Some(Given { key: self.word.span(), tokens, value })
    }

    fn refuse<T>(&mut self, text: impl Display) -> Option<T> {
        match &self.value {
            Some(value) => self.errors.push_on(value, text),
            None => self.errors.push(self.word.span(), text),
        }
        None
    }
}
