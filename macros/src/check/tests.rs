//! Tests of the checks. Each test compares the errors of one mistake with the expected text.

use proc_macro2::TokenStream;
use quote::quote;

use crate::pipeline;

/// Expands a cookie whose declaration contains the keys in `keys`. Returns the expansion without white space.
fn expand(keys: TokenStream) -> String {
    let item = quote!(
        #[cookie(#keys)]
        struct Session(String);
    );
    pipeline::cookie(item).to_string().split_whitespace().collect()
}

fn error_count(expansion: &str) -> usize {
    expansion.matches("compile_error!").count()
}

#[test]
fn a_reason_is_allowed_beside_a_constant_name() {
    let accepted = expand(quote!(name = NAME, reason = "no TLS in development"));
    assert_eq!(error_count(&accepted), 0, "{accepted}");
    assert!(accepted.contains("Argument::Name") && !accepted.contains("Argument::Reason"), "{accepted}");

    for keys in [
        quote!(name = "__Host-id", reason = "no weakening"),
        quote!(name = NAME, reason = ""),
        quote!(name = NAME, read_only, reason = "no weakening"),
    ] {
        let rejected = expand(keys.clone());
        assert_eq!(error_count(&rejected), 1, "{keys}: {rejected}");
    }
    let checked = expand(quote!(max_age = MAX_AGE, reason = "no weakening"));
    assert!(checked.contains("Argument::Reason"), "{checked}");
}

#[test]
fn entries_with_constants_are_checked_in_a_const() {
    for (keys, checks) in [
        (quote!(formerly(name = OLD, until = "2027-03-01")), 1),
        (quote!(formerly(path = OLD)), 1),
        (quote!(formerly(domain = OLD)), 1),
        (quote!(path = "/app", formerly(path = "/"), formerly(domain = OLD)), 2),
        (quote!(path = PATH, formerly(path = "/")), 1),
        (quote!(name = NAME, formerly(path = "/")), 1),
        (quote!(domain = DOMAIN, formerly(path = "/app")), 1),
        (quote!(max_age = MAX_AGE, path = "/app", formerly(path = "/")), 0),
    ] {
        let expansion = expand(keys.clone());
        assert_eq!(error_count(&expansion), 0, "{keys}: {expansion}");
        assert_eq!(expansion.matches("check_former)(&__SPEC,").count(), checks, "{keys}: {expansion}");
    }
    let expansion = expand(quote!(formerly(name = OLD, until = "2027-03-01"), reason = "the old name"));
    assert!(expansion.contains("check_former)(&__SPEC,0usize)"), "{expansion}");
    assert!(expansion.contains("Argument::Reason"), "{expansion}");
}

#[test]
fn each_broken_rule_of_formerly_is_one_error() {
    for (keys, text) in [
        (quote!(formerly(name = "__Host-sid")), "anentrywithanothernameneedstheday"),
        (quote!(formerly(name = "sid", until = "2027-03-01")), "aformernamewithaweakerprefix"),
        (quote!(formerly(path = "/")), "theentryhasthecookie'spresentnameandscope"),
        (quote!(path = "/a", formerly(path = "/"), formerly(path = "/")), "theentryhasthenameandscopeofanearlierentry"),
        (quote!(read_only, formerly(path = "/")), "`formerly`cannotbeusedwith`read_only`"),
        (quote!(keyed), "`keyed`needs`max_age`"),
        (quote!(keyed, read_only, max_age = "8h"), "`keyed`cannotbeusedwith`read_only`"),
    ] {
        let expansion = expand(keys.clone());
        assert_eq!(error_count(&expansion), 1, "{keys}: {expansion}");
        assert!(expansion.contains(text), "{keys}: {expansion}");
    }
    for keys in [
        quote!(formerly(name = "sid", until = "2027-03-01"), reason = "the old name"),
        quote!(path = "/a", formerly(path = "/"), formerly(path = "/", partitioned)),
        quote!(keyed, max_age = "8h"),
        quote!(keyed, max_age = MAX_AGE),
    ] {
        let expansion = expand(keys.clone());
        assert_eq!(error_count(&expansion), 0, "{keys}: {expansion}");
    }
}

#[test]
fn a_rejected_item_causes_one_error() {
    // Each declaration has only one mistake: the item that the parser rejects.
    for keys in [
        quote!(formerly(name = "sid", until = "2027-03-01"), reason = 3),
        quote!(name = 3, formerly(name = "sid", until = "2027-03-01")),
        quote!(path = 3, formerly(path = "/")),
        quote!(signed = true, formerly(name = "__Host-sid", unsigned, until = "2027-03-01"), reason = "plain"),
        quote!(keyed, ttl = "10m"),
    ] {
        let expansion = expand(keys.clone());
        assert_eq!(error_count(&expansion), 1, "{keys}: {expansion}");
    }
    for keys in
        [quote!(name = 3, formerly(path = "/"), keyed, read_only), quote!(name = 3, formerly(path = "app"), json = 1)]
    {
        let expansion = expand(keys.clone());
        assert_eq!(error_count(&expansion), 3, "{keys}: {expansion}");
    }
}

#[test]
fn a_keyed_cookie_stays_keyed_after_an_error() {
    for keys in [quote!(keyed), quote!(keyed, max_age = 3)] {
        let expansion = expand(keys);
        assert_eq!(error_count(&expansion), 1, "{expansion}");
        assert!(expansion.contains("typeAccess=::hardtack::private::Keyed;"), "{expansion}");
    }
}

#[test]
fn names_of_a_set_clash_with_families() {
    let set = |fields: &str| {
        let item = format!("struct Shop {{ {fields} }}").parse().unwrap();
        pipeline::cookies(quote!(), item).to_string()
    };
    let flow = "#[cookie(name = \"__Host-flow\", keyed, max_age = \"8h\")] flow: String,";
    let named = |name: &str| format!("#[cookie(name = \"{name}\")] other: String,");
    let inside = "the name `__Host-flow.a` is inside the family `__Host-flow` of this set; give one";
    let around = "the family `__Host-flow` contains the cookie `__Host-flow.a` of this set; give one";
    for (fields, text) in [
        (format!("{flow} {}", named("__Host-flow.a")), inside),
        (format!("{} {flow}", named("__Host-flow.a")), around),
        (format!("{} {flow}", named("__Host-flow")), "another cookie of this set is named `__Host-flow`; give one"),
    ] {
        let expansion = set(&fields);
        assert!(expansion.contains(text), "{fields}: {expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 1, "{fields}: {expansion}");
    }
    let expansion = set(&format!("{flow} {} ", named("__Host-flow-a")));
    assert!(!expansion.contains("compile_error"), "{expansion}");
    // The macro does not know all of these names, so the generated code compares the names at compile time.
    for fields in [
        format!("{flow} #[cookie(name = OTHER)] other: String,"),
        format!("{flow} #[cfg(a)] {}", named("__Host-flow.a")),
        format!("{flow} #[cookie(existing)] other: Other,"),
    ] {
        let expansion = set(&fields);
        assert!(expansion.contains(":: distinct") && !expansion.contains("compile_error"), "{fields}: {expansion}");
    }
}

#[test]
fn an_existing_field_may_be_keyed() {
    let set = |keys: TokenStream| {
        let set = pipeline::cookies(
            quote!(),
            quote!(
                struct Shop {
                    #[cookie(existing, #keys)]
                    flow: Flow,
                }
            ),
        );
        set.to_string()
    };
    assert!(!set(quote!(keyed)).contains("compile_error"));
    for (keys, text) in [
        (quote!(keyed, read_only), "`keyed` cannot be used with `read_only`"),
        (quote!(formerly(path = "/"), formerly(path = "/a")), "move `formerly` to the type, or remove it"),
    ] {
        let expansion = set(keys);
        assert!(expansion.contains(text), "{expansion}");
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
    }
}

/// The errors of an expansion, as their texts.
fn texts(item: TokenStream) -> Vec<String> {
    let expansion = pipeline::cookie(item).to_string();
    let calls = expansion.split("compile_error ! {").skip(1);
    calls.map(|call| call.split_once(" }").unwrap().0.trim().replace("\\\"", "\"")).collect()
}

fn bound_texts(keys: TokenStream) -> Vec<String> {
    texts(quote!(
        #[cookie(#keys)]
        struct Session(String);
    ))
}

#[test]
fn each_wrong_device_bound_is_one_error() {
    const SEAL: &str = "`device_bound` needs `sealed`, because the seal holds the mark of the device; add it";
    const MAX_AGE: &str = "`device_bound` needs `max_age`";
    const TIME: &str = "the time `every` is not longer than two minutes";
    const DOMAIN: &str = "a `device_bound` cookie belongs to one host; remove `domain`, or `device_bound`";
    const PATH: &str = "a `device_bound` cookie has the path \"/\", because its companion has it; remove `path`";
    const NAME: &str = "the name of a `device_bound` cookie begins with `__Host-Http-` or `__Host-`";
    for (keys, text) in [
        (quote!(max_age = "30d", device_bound), SEAL),
        (quote!(signed, max_age = "30d", device_bound(every = "5m")), SEAL),
        (quote!(device_bound), SEAL),
        (quote!(sealed, device_bound), MAX_AGE),
        (
            quote!(sealed, max_age = "30d", device_bound, partitioned),
            "`partitioned` cannot be used with `device_bound`",
        ),
        (quote!(sealed, max_age = "30d", device_bound, domain = "example.com"), DOMAIN),
        (quote!(sealed, max_age = "30d", device_bound, domain = policy), DOMAIN),
        (quote!(sealed, max_age = "30d", device_bound, path = "/app"), PATH),
        (
            quote!(sealed, max_age = "30d", device_bound, http_only = false, reason = "a script reads it"),
            "no script may read a `device_bound` cookie; remove `http_only = false`",
        ),
        (
            quote!(device_bound, http_only = false, sealed, max_age = "30d", name = "__Host-a", reason = "r"),
            "no script may read a `device_bound` cookie; remove `http_only = false`",
        ),
        (quote!(name = "__Secure-a", sealed, max_age = "30d", device_bound), NAME),
        (quote!(name = "a", sealed, max_age = "30d", device_bound, reason = "the old name"), NAME),
        (
            quote!(sealed, max_age = "30d", device_bound, secure = false, reason = "no TLS"),
            "a `device_bound` cookie is Secure; remove `secure = false`",
        ),
        (quote!(sealed, max_age = "30d", device_bound, keyed), "`device_bound` cannot be used with `keyed`"),
        (quote!(name = "sid", sealed, device_bound, read_only), "`device_bound` cannot be used with `read_only`"),
        (quote!(sealed, max_age = "30d", device_bound(every = "2m")), TIME),
        (quote!(sealed, max_age = "30d", device_bound(every = "5s", optional)), TIME),
    ] {
        let found = bound_texts(keys.clone());
        assert!(found.len() == 1 && found.iter().all(|found| found.contains(text)), "{keys}: {found:?}");
    }
}

/// If `every` is a constant, the compiler checks the whole cookie in a `const`.
#[test]
fn constant_every_moves_the_check_to_a_constant() {
    assert!(bound_texts(quote!(sealed, device_bound(every = EVERY))).is_empty());
}

#[test]
fn nearest_device_bound_neighbours_are_allowed() {
    for keys in [
        quote!(sealed, max_age = "30d", device_bound),
        quote!(device_bound, max_age = "30d", sealed),
        quote!(sealed, max_age = "30d", device_bound(every = "121s")),
        quote!(sealed, max_age = "30d", device_bound(optional)),
        quote!(sealed, max_age = "30d", device_bound(every = "10m", optional,)),
        quote!(sealed, max_age = MAX_AGE, device_bound(every = EVERY)),
        quote!(sealed, max_age = "30d", device_bound, path = "/"),
        quote!(name = "__Host-a", sealed, max_age = "30d", device_bound),
        quote!(name = NAME, sealed, max_age = "30d", device_bound),
        quote!(sealed, max_age = "30d", device_bound, same_site = Strict, idle = "30m", http_only = true),
        quote!(sealed, max_age = "30d", path = "/app"),
        quote!(sealed, max_age = "30d", partitioned),
        quote!(sealed, max_age = "30d", domain = policy),
        quote!(signed, max_age = "30d"),
        quote!(sealed),
    ] {
        let found = bound_texts(keys.clone());
        assert!(found.is_empty(), "{keys}: {found:?}");
    }
}

#[test]
fn device_bound_becomes_data_of_the_spec() {
    for (keys, expected) in [
        (quote!(device_bound), "DeviceBinding::DEFAULT_EVERY))"),
        (quote!(device_bound(optional)), "DeviceBinding::DEFAULT_EVERY).optional())"),
        (quote!(device_bound(every = "5m")), "DeviceBinding::new(::core::time::Duration::from_secs(300u64)))"),
        (quote!(device_bound(every = EVERY, optional)), "DeviceBinding::new(EVERY).optional())"),
    ] {
        let expansion = expand(quote!(sealed, max_age = "30d", #keys));
        assert!(expansion.contains(expected), "{keys}: {expansion}");
        let has_check = expansion.contains("Argument::DeviceBound");
        assert_eq!(has_check, keys.to_string().contains("EVERY"), "{keys}: {expansion}");
        assert!(expansion.contains("DeviceBoundValueforSession"), "{expansion}");
    }
    assert!(!expand(quote!(sealed, max_age = "30d")).contains("DeviceBound"));
}

#[test]
fn each_mistake_in_device_bound_is_one_error() {
    for (keys, text) in [
        (quote!(device_bound = "10m"), "`device_bound` takes parentheses in place of `=`"),
        (
            quote!(device_bound["10m"]),
            "`device_bound` takes parentheses; write it as in `device_bound(every = \"10m\")`",
        ),
        (quote!(device_bound()), "the parentheses of `device_bound` are empty; remove them"),
        (
            quote!(device_bound("10m")),
            "expected `key = value`, found a string literal; write it as in `every = \"10m\"`",
        ),
        (quote!(device_bound(every = 600)), "`every` needs a unit; write \"600s\" for seconds"),
        (quote!(device_bound(every)), "`every` takes a duration or a `const` `Duration`"),
        (quote!(device_bound(optional = true)), "`optional` takes no value"),
        (quote!(device_bound(same_site = Strict)), "`same_site` describes the cookie, not its companion; move"),
        (quote!(device_bound(evry = "10m")), "unknown key `evry`; write `every`"),
        (quote!(device_bound(max_age = "10m")), "`max_age` is the lifetime of the cookie; write `every` for"),
        (quote!(device_bound, every = "10m"), "`every` is a setting of `device_bound(…)`; move it there"),
        (quote!(device_bound, optional), "`optional` is a setting of `device_bound(…)`; move it there"),
        (quote!(device_bound, device_bound(optional)), "`device_bound` is written twice; remove one of the two"),
        (quote!(dbsc), "unknown key `dbsc`; write `device_bound`"),
        (quote!(device_bond), "unknown key `device_bond`; write `device_bound`"),
        (quote!(formerly(device_bound, path = "/a")), "`device_bound` describes the present cookie"),
    ] {
        let found = bound_texts(quote!(sealed, max_age = "30d", #keys));
        assert!(found.len() == 1 && found.iter().all(|found| found.contains(text)), "{keys}: {found:?}");
    }
}

#[test]
fn a_device_bound_cookie_stays_one_after_an_error() {
    let expansion = expand(quote!(device_bound(every = 3)));
    assert_eq!(error_count(&expansion), 1, "{expansion}");
    assert!(expansion.contains("DeviceBoundValueforSession"), "{expansion}");
}

#[test]
fn name_of_a_companion_is_refused_in_a_set() {
    let set = |fields: &str| {
        let item = format!("struct Shop {{ {fields} }}").parse().unwrap();
        pipeline::cookies(quote!(), item).to_string()
    };
    const SESSION: &str = "#[cookie(sealed, max_age = \"30d\", device_bound)] session: String,";
    let named = |name: &str| format!("#[cookie(name = \"{name}\")] other: String,");
    let (clash, free) = (named("__Host-session-key"), named("__Host-Http-session-key"));
    let after = set(&format!("{SESSION} {clash}"));
    assert!(after.contains("the name `__Host-session-key` is the name of the companion of `__Host-Http-session`"));
    let before = set(&format!("{clash} {SESSION}"));
    assert!(before.contains("the companion of `__Host-Http-session` has the name of the cookie `__Host-session-key`"));
    for expansion in [after, before] {
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
    }
    assert!(!set(&format!("{SESSION} {free}")).contains("compile_error"));
}
