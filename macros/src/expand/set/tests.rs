//! Tests of the generated methods of a set.

use quote::quote;

use super::type_text;
use crate::pipeline;

#[test]
fn docs_of_methods_show_name_and_header() {
    let set = pipeline::cookies(
        quote!(),
        quote! {
            struct Shop {
                #[cookie(path = "/shop")]
                cart: u32,
                #[cookie(domain = policy)]
                sso: String,
                #[cookie(path = BASKETS)]
                basket: u32,
                #[cookie(name = OLD)]
                old: u32,
                #[cookie(existing)]
                theme: Theme,
            }
        },
    );
    let text = set.to_string();
    const ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax";
    for (name, header) in [
        ("`__Secure-cart`", format!("`__Secure-cart=…; Path=/shop; {ATTRIBUTES}`")),
        ("`__Secure-sso`", format!("`__Secure-sso=…; Path=/; {ATTRIBUTES}`, with the policy's `Domain`")),
        ("`basket`, with the prefix that its path allows", "`basket`, with the prefix that its path allows".to_owned()),
        ("the cookie whose name is `OLD`", "the cookie whose name is `OLD`".to_owned()),
        ("the cookie that `Theme` declares", "the cookie that `Theme` declares".to_owned()),
    ] {
        for (summary, methods) in
            [(format!("Reads {name}."), 1), (format!("Sets {header}."), 2), (format!("Removes {name}."), 1)]
        {
            assert_eq!(text.matches(&format!("{summary:?}")).count(), methods, "{summary}: {text}");
        }
    }
    assert_eq!(text.matches("The closure changes the `SetCookie` for this response only.").count(), 5);
    assert_eq!(text.matches("\"# Errors\"").count(), 5 * 4);
    let getter = "Returns `None` if the request has no such cookie, or if the cookie cannot be read.\"";
    assert_eq!(text.matches(getter).count(), 5);
    assert!(text.contains(&format!("Reads `__Secure-cart`. {getter}")), "{text}");
}

/// Expands a set that has the fields in `fields`. Returns the expansion without white space.
fn set_of(fields: &str) -> String {
    let item = format!("pub struct Shop {{ {fields} }}").parse().unwrap();
    let text = pipeline::cookies(quote!(), item).to_string();
    assert!(!text.contains("compile_error"), "{text}");
    text.split_whitespace().collect()
}

/// Returns the part of the text from `start` to the next `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn each_field_has_its_methods() {
    let set = set_of(
        "cart: u32, #[cookie(existing)] theme: Theme, #[cookie(name = \"PHPSESSID\", read_only)] legacy: String,
         #[cookie(keyed, max_age = \"10m\")] flow: Flow, #[cookie(existing, keyed)] step: Step,",
    );
    for field in ["cart", "theme", "legacy", "flow", "step"] {
        let (is_keyed, is_settable) = (["flow", "step"].contains(&field), ["cart", "theme"].contains(&field));
        for (method, is_expected) in [
            (field.to_owned(), true),
            (format!("try_{field}"), !is_keyed),
            (format!("set_{field}"), is_settable),
            (format!("set_{field}_with"), is_settable),
            (format!("remove_{field}"), is_settable),
            (format!("remove_{field}_with"), false),
        ] {
            assert_eq!(set.contains(&format!("fn{method}(")), is_expected, "{method}: {set}");
        }
    }
    for method in [
        "fncart(&self)->::core::option::Option<u32>whereShopCart:::hardtack::AllowedOver<S>{::core::option::\
         Option::map(::hardtack::Cookies::get::<ShopCart>(&self.0),|__marker|__marker.0)}",
        "fntheme(&self)->::core::option::Option<Theme>wherefor<'a>Theme:::hardtack::Cookie+::hardtack::\
         AllowedOver<S>{::hardtack::Cookies::get::<Theme>(&self.0)}",
        "fnflow(&self)->::hardtack::Family<'_,ShopFlow,S>whereShopFlow:::hardtack::AllowedOver<S>\
         {::hardtack::Cookies::family::<ShopFlow>(&self.0)}",
        "fnstep(&self)->::hardtack::Family<'_,Step,S>wherefor<'a>Step:::hardtack::CookieFamily\
         +::hardtack::AllowedOver<S>{::hardtack::Cookies::family::<Step>(&self.0)}",
    ] {
        assert!(set.contains(method), "{method}: {set}");
    }
    assert!(set.contains("::Family<'_,Step,S>"), "{set}");
    assert!(set.contains("<Stepas::hardtack::CookieFamily>::SPEC"), "{set}");
    assert!(set.contains("<Themeas::hardtack::Cookie>::SETTABLE_SPEC"), "{set}");
}

#[test]
fn remove_all_tries_every_settable_field() {
    let set = set_of(
        "cart: u32, #[cookie(existing)] theme: Theme, #[cookie(name = \"PHPSESSID\", read_only)] legacy: String,
         #[cookie(keyed, max_age = \"10m\")] flow: Flow,",
    );
    let method = between(&set, "pubfnremove_all(&self)", "__result}");
    let (bounds, body) = method.split_once('{').unwrap();
    assert_eq!(
        bounds,
        "->::core::result::Result<(),::hardtack::SetError>whereShopCart:::hardtack::AllowedOver<S>,\
         for<'a>Theme:::hardtack::Cookie+::hardtack::AllowedOver<S>,ShopFlow:::hardtack::AllowedOver\
         <S>,"
    );
    let removals: Vec<_> = body.split("let__result=").skip(1).collect();
    assert_eq!(
        removals,
        [
            "::core::result::Result::Ok(());",
            "::core::result::Result::and(__result,::hardtack::Cookies::remove::<ShopCart>(&self.0));",
            "::core::result::Result::and(__result,::hardtack::Cookies::remove::<Theme>(&self.0));",
            "::core::result::Result::and(__result,::hardtack::Family::remove_all(&::hardtack::Cookies::family::\
             <ShopFlow>(&self.0)));",
        ]
    );
}

#[test]
fn remove_all_accepts_fields_with_cfg() {
    let set = set_of(
        "#[cfg(a)] #[cfg(any(b, c))] cart: u32, #[cfg(d)] #[cookie(existing, keyed)] flow: Flow,
         #[cfg(e)] #[cookie(name = \"PHPSESSID\", read_only)] legacy: String,",
    );
    let method = between(&set, "pubfnremove_all(&self)", "__result}");
    assert!(method.contains("where__removed_cart:::hardtack::AllowedOver<S>,"), "{method}");
    assert!(method.contains("#[cfg(a)]#[cfg(any(b,c))]let__result="), "{method}");
    assert!(method.contains("remove::<__removed_cart>(&self.0)"), "{method}");
    assert!(!method.contains("legacy"), "{method}");
    assert!(set.contains("#[cfg(a)]#[cfg(any(b,c))]type__removed_cart=ShopCart;"), "{set}");
    let absent = "#[cfg(not(all(a,any(b,c))))]pubstruct__removed_cart;#[cfg(not(all(a,any(b,c))))]const_:()={";
    assert!(set.contains(absent), "{set}");
    let absent = between(&set, "#[cfg(not(all(d)))]pubstruct__removed_flow;", "fnwrite_value");
    assert!(absent.contains("typeAccess=::hardtack::private::Keyed;"), "{absent}");
    assert!(absent.contains("typeCarrier=::hardtack::private::Carrier<false>;"), "{absent}");
    assert!(!absent.contains("__declared"), "{absent}");
    assert!(!set.contains("__removed_legacy"), "{set}");
}

#[test]
fn remove_all_accepts_equal_names_with_different_cfg() {
    let set = set_of("#[cfg(a)] cart: u32, #[cfg(b)] cart: u64,");
    assert!(set.contains("#[cfg(a)]type__removed_cart=ShopCart;"), "{set}");
    assert!(set.contains("#[cfg(b)]type__removed_1_cart=ShopCart;"), "{set}");
    let method = between(&set, "pubfnremove_all(&self)", "__result}");
    let bounds = "where__removed_cart:::hardtack::AllowedOver<S>,__removed_1_cart:::hardtack::AllowedOver";
    assert!(method.contains(bounds), "{method}");
}

#[test]
fn a_json_field_is_probed_for_its_own_declaration() {
    let set = set_of("plain: Item, #[cfg(a)] #[cookie(json)] cart: Vec<(::shop::Item, &'static str)>,");
    assert_eq!(set.matches("reject_declared").count(), 1, "{set}");
    let (_, marker) = set.split_once("#[cfg(a)]pubstructShopCart").unwrap();
    let probe = between(marker, "use::hardtack::private::NotDeclaredas_;", "type__removed_cart");
    assert_eq!(
        probe,
        "const_:()=(::hardtack::private::reject_declared)({let_=<Vec<(::shop::Item,&'staticstr)>as::hardtack\
         ::private::Json>::read_json;::hardtack::private::Probe::<Vec<(::shop::Item,&'staticstr)>>::IS_COOKIE},\
         \"`Vec<(::shop::Item,&'staticstr)>`hasitsowndeclaration;write`existing`\");};#[cfg(a)]"
    );
}

#[test]
fn types_are_written_without_extra_spaces() {
    for text in ["Session", "::shop::Item", "Vec<(u8, [T; 4])>", "Cow<'static, str>", "&'a dyn Item", "shop::r#type"] {
        assert_eq!(type_text(&syn::parse_str(text).unwrap()), text);
    }
}
