//! Two cookie names are different if the letter case differs or if the prefix differs. Two fields may have the same
//! cookie name if a `cfg` removes one of the fields. Two sets may contain cookies with the same name.
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(name = "__Host-cart")]
    cart: u32,
    #[cookie(name = "__Host-Cart")]
    other_case: u32,
    #[cookie(name = "__Secure-cart")]
    other_prefix: u32,
    #[cfg(not(doc))]
    theme: u32,
    #[cfg(any())]
    #[cookie(name = "__Host-Http-theme")]
    old_theme: u32,
}

#[cookies]
struct Other {
    #[cookie(name = "__Host-cart")]
    cart: u32,
}

pub(crate) fn main() {
    let names: Vec<_> = Shop::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["__Host-cart", "__Host-Cart", "__Secure-cart", "__Host-Http-theme"]);
    assert_eq!(Other::SPECS[0].name, Shop::SPECS[0].name);
}
