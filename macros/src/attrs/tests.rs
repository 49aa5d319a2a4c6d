//! Tests of the attribute parser. Each test compares the errors of one mistake, or the generated code.

use proc_macro2::TokenStream;
use quote::quote;

use crate::pipeline;

/// Expands a cookie whose declaration contains the keys in `keys`.
fn expand(keys: TokenStream) -> String {
    let item = quote!(
        #[cookie(#keys)]
        struct Session(String);
    );
    pipeline::cookie(item).to_string()
}

/// Returns the texts of the errors in an expansion.
fn errors(expansion: &str) -> Vec<&str> {
    let calls = expansion.split("compile_error ! {").skip(1);
    calls.map(|call| call.split_once(" }").unwrap().0.trim()).collect()
}

#[test]
fn environment_is_an_error_that_names_policy() {
    let expand = |domain| expand(quote!(domain = #domain));
    let old = expand(quote!(environment));
    assert!(old.contains("`domain = environment` is now `domain = policy`; write `policy`"), "{old}");
    for misspelled in [quote!(polici), quote!(enviroment)] {
        let text = expand(misspelled);
        assert!(text.contains("the word for the policy's domain is `policy`; write `domain = policy`"), "{text}");
    }
    let new = expand(quote!(policy));
    assert!(new.contains("policy_domain ()") && !new.contains("compile_error"), "{new}");
    // `POLICY` is the name of a constant, and not a misspelled `policy`.
    let constant = expand(quote!(POLICY));
    assert!(constant.contains("domain (POLICY)") && !constant.contains("compile_error"), "{constant}");
}

#[test]
fn each_mistake_in_formerly_is_one_error() {
    const NEEDED: &str = "`formerly` needs an earlier name or scope; write it as in \
        `formerly(name = \"sid\", until = \"2027-03-01\")`";
    const DAY: &str = "`until` is a day of the calendar; write it as in `until = \"2027-03-01\"`";
    for (keys, text) in [
        (quote!(formerly), NEEDED),
        (quote!(formerly, max_age = "8h"), NEEDED),
        (quote!(formerly "sid", max_age = "8h"), NEEDED),
        (quote!(formerly()), NEEDED),
        (quote!(formerly = "sid"), "`formerly` takes parentheses in place of `=`"),
        (quote!(formerly = ), "`formerly` takes parentheses in place of `=`"),
        (quote!(formerly["sid"]), "`formerly` takes parentheses; write it as in"),
        (quote!(formerly { path = "/" }), "`formerly` takes parentheses; write it as in"),
        (quote!(previously(path = "/")), "unknown key `previously`; write it as in `formerly("),
        (quote!(aliases = ["sid"]), "unknown key `aliases`; write it as in `formerly("),
        (quote!(formerly(host_only)), "unknown key `host_only`; write `domain = none`"),
        (quote!(aka = "sid"), "unknown key `aka`; write it as in `formerly("),
        (quote!(formerly(banana)), "unknown key `banana`; the keys are `name`, `path`, `domain`, `partitioned`, "),
        (quote!(formerly(unti = "2027-03-01", name = "a")), "unknown key `unti`; write `until`"),
        (quote!(formerly(expires = "2027-03-01")), "unknown key `expires`; write `until`"),
        (quote!(formerly(max - age = "8h")), "unknown key `max-age`"),
        (quote!(formerly(secure = true)), "`secure` describes the present cookie; move it out of the parentheses"),
        (quote!(formerly(formerly(path = "/"))), "`formerly` cannot contain another one"),
        (quote!(formerly(path)), "`path` takes a string literal or a `const`"),
        (quote!(formerly(path = )), "`path` has no value after `=`"),
        (quote!(formerly(path("/"))), "the value of `path` goes after `=`"),
        (quote!(formerly(path = "/", path = "/a")), "`path` is written twice; remove one of the two"),
        (quote!(formerly(raw = true)), "`raw` takes no value"),
        (quote!(formerly(unsigned = "a")), "`unsigned` takes no value"),
        (quote!(formerly(partitioned = no)), "`partitioned` takes `true` or `false`; write `partitioned = false`"),
        (quote!(formerly(until = "2027-02-29")), DAY),
        (quote!(formerly(until = "tomorrow")), DAY),
        (quote!(formerly(until = DAY)), "`until` takes a string literal, as in"),
        (quote!(formerly(until)), "`until` takes a string literal, as in"),
        (quote!(formerly(domain = None)), "the word for a host-only cookie is `none`; write `domain = none`"),
        (quote!(formerly(domain = host_only)), "the word for a host-only cookie is `none`; write `domain = none`"),
        (quote!(formerly(domain = nome)), "the word for a host-only cookie is `none`; write `domain = none`"),
        (quote!(formerly(domain = polici)), "the word for the policy's domain is `policy`"),
        (quote!(formerly(domain = environment)), "`domain = environment` is now `domain = policy`"),
        (quote!(domain = none), "`domain` takes no `none`; remove the key"),
        (quote!(raw), "`raw` describes an earlier value in `formerly(…)`"),
        (quote!(unsigned), "`unsigned` describes an earlier value in `formerly(…)`"),
        (quote!(until = "2027-03-01"), "`until` is the end of a `formerly(…)`"),
        (quote!(partitioned = true), "`partitioned` takes no value"),
        (quote!(name("a")), "the value of `name` goes after `=`"),
        (quote!(keyed("a")), "`keyed` takes no value; remove the parentheses"),
    ] {
        let expansion = expand(keys.clone());
        let found = errors(&expansion);
        let is_expected = found.iter().all(|found| found.replace("\\\"", "\"").contains(text));
        assert!(found.len() == 1 && is_expected, "{keys}: {found:?}");
    }
}

#[test]
fn a_set_has_no_formerly_and_no_keyed() {
    for (keys, text) in [
        (quote!(formerly(path = "/")), "`formerly` declares one cookie; move it to the field's `#[cookie(…)]`"),
        (quote!(keyed), "`keyed` declares one cookie; move it to the field's `#[cookie(…)]`"),
    ] {
        let set = pipeline::cookies(
            keys,
            quote!(
                struct Shop {
                    cart: u32,
                }
            ),
        )
        .to_string();
        assert_eq!(errors(&set), [format!("\"{text}\"")]);
    }
}

#[test]
fn several_mistakes_in_formerly_are_all_reported() {
    let expansion =
        expand(quote!(formerly(nam = "sid", until = "1.3.2027", raw = true), formerly(path = 3), keyed = "a"));
    assert_eq!(errors(&expansion).len(), 5, "{expansion}");
}

#[test]
fn formerly_becomes_data_of_the_spec() {
    let expansion = expand(quote!(
        path = "/app",
        signed,
        formerly(path = "/", partitioned),
        formerly(name = "sid", domain = none, raw, unsigned, until = "2027-03-01",),
        formerly(domain = policy, partitioned = false),
        formerly(domain = "example.com"),
        reason = "the old name"
    ));
    assert!(!expansion.contains("compile_error"), "{expansion}");
    let expansion: String = expansion.split_whitespace().collect();
    let (_, former) = expansion.split_once("const__FORMER:&'static[::hardtack::private::Former<'static>]=&[").unwrap();
    let (former, rest) = former.split_once("];").unwrap();
    let former = former.replace("::hardtack::private::", "");
    let entries: Vec<_> = former.split("Former::new().").skip(1).map(|entry| entry.trim_end_matches(',')).collect();
    assert_eq!(
        entries,
        [
            "path(\"/\").partitioned(true)",
            "name(\"sid\").domain(FormerDomain::HostOnly).raw().unsigned().until(day(\"2027-03-01\"))",
            "domain(FormerDomain::Policy).partitioned(false)",
            "domain(FormerDomain::Domain(\"example.com\"))",
        ]
    );
    assert!(rest.contains(".formerly(__FORMER)"), "{rest}");
    assert!(!rest.contains("check_former"), "{rest}");
}
