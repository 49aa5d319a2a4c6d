//! The code that the macros generate must compile in any program: with any names in scope, in any place, and with the
//! strictest lints. The modules in this file only need to compile. Each test checks the cookies of one module.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "the modules only declare types")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use hardtack::{Cookie, CookieValue, SetCookie, cookies, testing};

/// Returns the `Set-Cookie` header value of a cookie.
fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

mod without_prelude {
    #![no_implicit_prelude]

    #[derive(::hardtack::Cookie)]
    #[cookie(max_age = "8h", same_site = Strict)]
    pub struct Session(pub ::std::string::String);

    #[derive(::hardtack::Cookie)]
    #[cookie(name = NAME, path = PATH, max_age = ::core::time::Duration::from_secs(60))]
    pub struct Constant(pub u32);

    #[derive(::hardtack::Cookie)]
    #[cookie(sealed, path = PATH)]
    pub struct Sealed(pub u32);

    #[derive(::hardtack::Cookie)]
    #[cookie(sealed, max_age = "30d", device_bound(every = EVERY, optional))]
    pub struct Bound(pub ::std::string::String);

    const EVERY: ::core::time::Duration = ::core::time::Duration::from_secs(300);

    #[derive(::hardtack::Cookie, ::serde::Serialize, ::serde::Deserialize)]
    #[cookie(signed, json)]
    pub struct Signed {
        pub first: u32,
        pub second: u32,
    }

    const NAME: &str = "__Host-constant";
    const PATH: &str = "/";

    #[derive(::hardtack::Cookie)]
    #[cookie(path = PATH)]
    pub struct Derived(pub ::std::net::SocketAddr);

    #[derive(::hardtack::Cookie)]
    pub struct Seen;

    #[derive(::hardtack::Cookie)]
    #[cookie(http_only = false, secure = false, reason = "hygiene")]
    pub enum Lang {
        En,
        De,
    }

    #[derive(::hardtack::CookieValue)]
    pub enum Theme {
        Light,
        Dark,
    }

    #[derive(::hardtack::CookieValue)]
    pub struct Id {
        pub id: ::std::string::String,
    }

    #[derive(::hardtack::Cookie)]
    pub struct Generic<T>(pub T);

    #[::hardtack::cookies]
    pub struct Shop {
        pub id: Id,
        #[cookie(http_only = false, reason = "hygiene")]
        pub theme: Theme,
        pub cart: u32,
        #[cookie(existing)]
        pub lang: Lang,
        #[cookie(name = NAME)]
        pub named: bool,
        #[cookie(name = "PHPSESSID", read_only)]
        pub legacy: ::std::string::String,
    }
}

#[test]
fn expansions_need_no_prelude() {
    use without_prelude::{Bound, Constant, Derived, Generic, Lang, Seen, Session, Shop};
    assert!(header(Session("a".to_owned())).starts_with("__Host-Http-session=a; Path=/; Max-Age=28800; "));
    assert!(header(Constant(3)).starts_with("__Host-constant=3; Path=/; Max-Age=60; "));
    assert!(header(Derived("127.0.0.1:80".parse().unwrap())).starts_with("__Host-Http-derived=127.0.0.1:80; "));
    assert!(header(Seen).starts_with("__Host-Http-seen=1; "));
    let binding = <Bound as hardtack::ReadCookie>::SPEC.device_bound.unwrap();
    assert_eq!((binding.every.as_secs(), binding.optional), (300, true));
    assert!(header(Lang::De).starts_with("lang=de; "));
    assert!(header(Generic(7_u8)).starts_with("__Host-Http-generic=7; "));
    assert_eq!(Shop::SPECS.len(), 6);
}

/// This module defines its own type, value or macro for every name that the generated code could use. So generated code
/// that uses a name without an absolute path does not compile.
#[allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unused_macros,
    reason = "the names of std and of hardtack are used for other items"
)]
mod shadowed {
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod hardtack {}
    pub mod http {}
    pub mod private {}

    pub struct Result;
    pub struct Option;
    pub struct Box;
    pub struct Vec;
    pub struct Self_;
    pub struct str;
    pub struct usize;
    pub struct S;
    pub struct Scheme;
    pub struct Cookies;
    pub struct Https;
    pub struct PlainHttp;
    pub struct SetCookie;
    pub struct Spec;
    pub struct SameSite;
    pub struct ValueWriter;
    pub struct InvalidValue;
    pub struct ReadCookie;
    pub struct AllowedOver;
    pub struct Send;
    pub struct Sync;
    pub struct Sized;
    pub struct Into;
    pub struct From;
    pub struct Clone;
    pub struct Debug;
    pub struct FnOnce;
    pub struct Duration;
    pub struct Argument;
    pub struct Bound;
    pub struct DeviceBinding;
    pub struct DeviceBoundValue;

    pub fn Some() {}
    pub fn Ok() {}
    pub fn Err() {}
    pub const None: () = ();

    macro_rules! panic {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! concat {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! __extractors {
        () => {
            compile_error!("not this one")
        };
    }

    /// A type of the user with the name `String`.
    #[derive(::hardtack::CookieValue)]
    pub struct String(pub u32);

    #[derive(::hardtack::Cookie)]
    pub struct Session(pub String);

    #[derive(::hardtack::Cookie)]
    #[cookie(path = PATH)]
    pub struct Constant(pub ::std::string::String);

    const PATH: &::core::primitive::str = "/";

    #[derive(::hardtack::Cookie)]
    pub enum Lang {
        Ok,
        Err,
        Some,
        None,
        String,
    }

    #[derive(::hardtack::Cookie)]
    #[cookie(sealed, max_age = "30d", device_bound)]
    pub struct Account(pub ::std::string::String);

    #[derive(::hardtack::CookieValue)]
    pub struct Https2(pub ::std::net::IpAddr);

    #[::hardtack::cookies]
    pub struct Shop {
        pub session: String,
        pub https: Https2,
        pub count: u32,
        #[cookie(existing)]
        pub lang: Lang,
    }
}

#[test]
fn expansions_ignore_shadowed_names() {
    use shadowed::{Account, Constant, Lang, Session, Shop};
    assert!(header(Session(shadowed::String(3))).starts_with("__Host-Http-session=3; "));
    assert!(header(Constant("a".to_owned())).starts_with("__Host-Http-constant=a; "));
    assert!(header(Lang::None).starts_with("__Host-Http-lang=none; "));
    assert_eq!(<Account as hardtack::ReadCookie>::SPEC.device_bound.unwrap().every.as_secs(), 600);
    assert_eq!(Shop::SPECS.len(), 4);
}

/// In this module, a trait adds methods to every type. The methods have the same names as methods that the generated
/// code calls.
mod conflicting_methods {
    pub trait Everywhere {
        fn write(&self, _: &mut hardtack::value::ValueWriter) {}
        fn read(&self, _: &str) {}
        fn write_value(&self) {}
        fn len(&self) {}
        fn map(&self) {}
        fn field(&self) {}
        fn clone(&self) {}
        fn path(&self) {}
        fn explicit_name(&self) {}
        fn device_bound(&self) {}
        fn optional(&self) {}
    }

    impl<T: ?Sized> Everywhere for T {}

    #[derive(hardtack::CookieValue)]
    pub struct Id(pub std::net::SocketAddr);

    #[derive(hardtack::Cookie)]
    #[cookie(name = NAME, path = "/")]
    pub struct Session(pub Id);

    const NAME: &str = "__Host-session";

    #[derive(hardtack::Cookie)]
    #[cookie(sealed, max_age = "30d", device_bound(optional))]
    pub struct Account(pub String);

    #[hardtack::cookies]
    pub struct Shop {
        pub id: Id,
        #[cookie(name = NAME)]
        pub named: u32,
    }
}

#[test]
fn expansions_ignore_methods_of_other_traits() {
    let id = conflicting_methods::Id("[::1]:80".parse().unwrap());
    assert!(header(conflicting_methods::Session(id)).starts_with("__Host-session=[::1]:80; "));
    assert_eq!(conflicting_methods::Shop::SPECS.len(), 2);
}

#[allow(non_camel_case_types, reason = "keywords are lower case")]
mod raw {
    #[derive(hardtack::Cookie)]
    pub struct r#type(pub u32);

    #[derive(hardtack::Cookie)]
    pub struct Named {
        pub r#type: u32,
    }

    #[derive(hardtack::Cookie)]
    pub enum Word {
        r#match,
        r#loop,
    }

    #[hardtack::cookies]
    pub struct r#struct {
        pub r#type: u32,
        pub r#match: r#async,
        #[cookie(existing)]
        pub r#enum: Word,
    }

    #[derive(hardtack::CookieValue)]
    pub struct r#async(pub String);
}

#[test]
fn cookie_names_drop_the_raw_prefix() {
    assert!(header(raw::r#type(1)).starts_with("__Host-Http-type=1; "));
    assert!(header(raw::Named { r#type: 2 }).starts_with("__Host-Http-named=2; "));
    assert!(header(raw::Word::r#loop).starts_with("__Host-Http-word=loop; "));
    let names: Vec<_> = raw::r#struct::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["__Host-Http-type", "__Host-Http-match", "__Host-Http-word"]);

    let jar = hardtack::Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    let set = raw::r#struct::from(jar.clone());
    set.set_type(3).unwrap();
    set.set_match_with(raw::r#async("a".to_owned()), |set| set.without_max_age()).unwrap();
    set.remove_enum().unwrap();
    assert_eq!((set.r#type(), set.try_type().unwrap()), (Some(3), Some(3)));
    assert!(set.r#match().is_some());
    assert!(set.r#enum().is_none() && set.try_enum().unwrap().is_none());
    set.remove_all().unwrap();
    assert!(set.r#type().is_none());
    jar.write(&mut http::HeaderMap::new());
}

mod renamed {
    pub use hardtack as biscuit;

    #[derive(biscuit::Cookie)]
    #[cookie(crate = crate::renamed::biscuit, path = PATH)]
    pub struct Session(pub String);

    const PATH: &str = "/";

    #[derive(biscuit::CookieValue)]
    #[cookie(crate = self::biscuit)]
    pub enum Theme {
        Light,
    }

    #[biscuit::cookies(crate = super::renamed::biscuit)]
    pub struct Shop {
        pub theme: Theme,
        pub when: std::net::SocketAddr,
    }
}

#[test]
fn the_crate_can_be_renamed() {
    assert!(header(renamed::Session("a".to_owned())).starts_with("__Host-Http-session=a; "));
    assert_eq!(renamed::Shop::SPECS.len(), 2);
}

#[test]
fn functions_can_declare_cookies() {
    const PATH: &str = "/";

    #[derive(Cookie)]
    #[cookie(path = PATH)]
    struct Session(Id);

    #[derive(CookieValue)]
    struct Id(u32);

    #[cookies]
    struct Shop {
        id: Id,
        theme: Theme,
        #[cookie(existing)]
        session: Session,
    }

    #[derive(CookieValue)]
    enum Theme {
        Light,
    }

    assert!(header(Session(Id(3))).starts_with("__Host-Http-session=3; "));
    let jar = hardtack::Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    let shop = Shop::from(jar.clone());
    shop.set_theme(Theme::Light).unwrap();
    shop.set_id(Id(1)).unwrap();
    assert!(shop.try_session().unwrap().is_none());
    jar.write(&mut http::HeaderMap::new());
}

/// A `macro_rules!` macro that passes each kind of fragment to our macros.
macro_rules! declare {
    (
        $(#[$meta:meta])* $vis:vis struct $name:ident($ty:ty);
        name $wire:literal, max_age $age:literal, path $path:expr, same_site $site:ident, http_only $only:literal,
        reason $reason:literal
    ) => {
        $(#[$meta])*
        #[derive(Cookie)]
        #[cookie(name = $wire, max_age = $age, path = $path, same_site = $site, http_only = $only, reason = $reason)]
        $vis struct $name($ty);
    };
    (newtype $name:ident $ty:ty) => {
        #[derive(Cookie)]
        struct $name($ty);
    };
    (set $name:ident { $($field:ident: $ty:ty = $age:expr),* $(,)? }) => {
        #[cookies]
        struct $name {
            $(#[cookie(max_age = $age)] $field: $ty,)*
        }
    };
    (words $name:ident { $($variant:ident = $text:literal),* }) => {
        #[derive(Cookie)]
        enum $name {
            $(#[cookie(rename = $text)] $variant,)*
        }
    };
    (through $krate:path, $name:ident) => {
        #[derive(Cookie)]
        #[cookie(crate = $krate)]
        struct $name(u32);
    };
}

mod macro_fragments {
    use std::time::Duration;

    use super::{Cookie, cookies};

    const LIFETIME: Duration = Duration::from_secs(5);

    declare! {
        /// Documented.
        #[derive(Debug)]
        pub(crate) struct Theme(String);
        name "__Host-theme", max_age "8h", path "/", same_site Strict, http_only false, reason "hygiene"
    }
    declare!(newtype Text String);
    declare!(newtype Address std::net::SocketAddr);
    declare!(newtype Number u32);
    declare!(set Shop {
        cart: u32 = "8h",
        session: String = LIFETIME,
        address: std::net::IpAddr = Duration::from_secs(60),
    });
    declare!(words Lang { En = "en-GB", De = "de-DE" });
    declare!(through::hardtack, Through);

    #[test]
    fn macro_fragments_are_accepted() {
        assert_eq!(
            super::header(Theme("dark".to_owned())),
            "__Host-theme=dark; Path=/; Max-Age=28800; Secure; SameSite=Strict"
        );
        assert!(super::header(Text("a".to_owned())).starts_with("__Host-Http-text=a; "));
        assert!(super::header(Address("[::1]:80".parse().unwrap())).starts_with("__Host-Http-address=[::1]:80; "));
        assert!(super::header(Number(7)).starts_with("__Host-Http-number=7; "));
        assert!(super::header(Lang::De).starts_with("__Host-Http-lang=de-DE; "));
        assert!(super::header(Through(1)).starts_with("__Host-Http-through=1; "));
        let ages: Vec<_> = Shop::SPECS.iter().map(|spec| spec.max_age.map(|age| age.as_secs())).collect();
        assert_eq!(ages, [Some(28_800), Some(5), Some(60)]);
        let _ = Lang::En;
    }
}

/// Generic parameters and types that have the same names as items in the generated code.
mod parameters {
    use super::{Cookie, CookieValue, cookies};

    #[derive(Cookie)]
    pub struct OfS<S>(pub S);

    #[derive(Cookie)]
    pub struct OfUnderscoreS<__S: CookieValue>(pub __S);

    #[derive(Cookie)]
    pub struct WithDefault<T = u32>(pub T);

    #[derive(Cookie)]
    pub struct OfConst<const N: usize>(pub u32);

    #[derive(Cookie)]
    pub struct OfLifetime<'a>(pub std::borrow::Cow<'a, str>);

    #[derive(CookieValue)]
    pub struct ValueOf<T>(pub T);

    #[derive(CookieValue)]
    pub struct S(pub u32);

    #[derive(CookieValue)]
    #[allow(non_camel_case_types, reason = "the expansion uses the name `__S`")]
    pub struct __S(pub u32);

    #[derive(CookieValue)]
    pub struct Cookies(pub u32);

    #[derive(CookieValue)]
    pub struct Https(pub u32);

    #[cookies]
    pub struct Shop {
        pub s: S,
        pub underscore_s: __S,
        pub cookies: Cookies,
        pub https: Https,
        pub value: ValueOf<u32>,
        #[cookie(existing)]
        pub of_s: OfS<u32>,
    }

    /// A struct of cookies with the name `Cookies`. The struct wraps hardtack's type `Cookies`.
    pub mod named {
        #[hardtack::cookies]
        pub struct Cookies {
            pub scheme: u32,
        }
    }
}

#[test]
fn parameters_can_have_any_name() {
    use parameters::{OfConst, OfLifetime, OfS, OfUnderscoreS, Shop, WithDefault};
    assert!(header(OfS(1)).starts_with("__Host-Http-of_s=1; "));
    assert!(header(OfUnderscoreS(1)).starts_with("__Host-Http-of_underscore_s=1; "));
    assert!(header(WithDefault(1)).starts_with("__Host-Http-with_default=1; "));
    assert!(header(OfConst::<3>(1)).starts_with("__Host-Http-of_const=1; "));
    assert!(header(OfLifetime("a".into())).starts_with("__Host-Http-of_lifetime=a; "));
    assert_eq!(Shop::SPECS.len(), 6);
    assert_eq!(parameters::named::Cookies::SPECS.len(), 1);
}

/// A public cookie set with private fields. The types of the private fields are private too.
mod private {
    use super::{Cookie, CookieValue, cookies};

    #[derive(CookieValue)]
    struct Secret {
        inner: u32,
    }

    #[derive(Cookie)]
    struct Hidden(u32);

    #[cookies]
    pub struct Shop {
        secret: Secret,
        #[cookie(existing)]
        hidden: Hidden,
        pub cart: u32,
    }

    /// Calls the generated methods for the private fields. The methods for private fields are only visible in this
    /// module.
    pub fn set_private_fields(shop: &Shop) {
        shop.set_secret(Secret { inner: 7 }).unwrap();
        shop.set_hidden(Hidden(8)).unwrap();
    }
}

/// A trait whose methods have the same names as the generated methods of the cookie set. The compiler selects the
/// trait's method only if the generated method is not visible.
trait SameNames {
    fn set_secret(&self, _: u32) -> &'static str {
        "not visible"
    }

    fn remove_secret(&self) -> &'static str {
        "not visible"
    }

    fn set_hidden(&self, _: u32) -> &'static str {
        "not visible"
    }

    fn remove_hidden(&self) -> &'static str {
        "not visible"
    }

    fn set_cart(&self, _: u32) -> &'static str {
        "not visible"
    }
}

impl SameNames for private::Shop {}

#[test]
fn private_types_stay_private() {
    let jar = hardtack::Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    let shop = private::Shop::from(jar.clone());
    assert_eq!((shop.set_secret(7), shop.remove_secret()), ("not visible", "not visible"));
    assert_eq!((shop.set_hidden(8), shop.remove_hidden()), ("not visible", "not visible"));
    // The generated method for the public field is visible.
    shop.set_cart(9).unwrap();
    private::set_private_fields(&shop);
    let mut response = http::HeaderMap::new();
    jar.write(&mut response);
    let headers =
        response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap().split(';').next().unwrap());
    assert_eq!(headers.collect::<Vec<_>>(), ["__Host-Http-cart=9", "__Host-Http-secret=7", "__Host-Http-hidden=8"]);
}

/// Fields and variants that `cfg` removes, and deprecated fields and variants.
mod conditions {
    #![deny(warnings)]

    use super::{Cookie, CookieValue, cookies};

    #[cookies]
    pub struct Shop {
        pub cart: u32,
        #[cfg(any())]
        pub missing: NoSuchType,
        #[cfg(not(doc))]
        pub there: u32,
        #[cfg(any())]
        #[cookie(name = NO_SUCH_CONST)]
        pub gone: u32,
        #[cfg(not(doc))]
        #[cookie(max_age = "8h")]
        pub lasting: u32,
        #[cfg(any())]
        pub lasting: u32,
        #[cfg(any())]
        #[cookie(existing)]
        pub nowhere: NoSuchType,
        /// Documented.
        #[deprecated = "use `cart`"]
        pub basket: u32,
    }

    #[derive(Cookie)]
    pub enum Lang {
        En,
        #[deprecated = "use `En`"]
        EnGb,
        #[cfg(any())]
        De,
    }

    #[derive(CookieValue)]
    pub enum Theme {
        Light,
        #[deprecated(since = "1.0.0", note = "use `Light`")]
        Bright,
        #[cfg(any())]
        Dark(NoSuchType),
    }

    #[derive(Cookie)]
    #[deprecated = "use `Lang`"]
    pub struct Old(pub u32);

    #[derive(Cookie)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum Numbered {
        One = 1,
        Two,
    }
}

#[test]
fn cfg_removes_fields_and_variants() {
    let names: Vec<_> = conditions::Shop::SPECS.iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["__Host-Http-cart", "__Host-Http-there", "__Host-Http-lasting", "__Host-Http-basket"]);
    assert!(header(conditions::Lang::En).starts_with("__Host-Http-lang=en; "));
    assert!(header(conditions::Numbered::Two).starts_with("__Host-Http-numbered=two; "));
}

/// Runs clippy on the fixtures, which are separate crates. One crate has the strictest lints. The second crate uses an
/// older Rust edition, and imports hardtack under a different name.
#[test]
fn expansions_pass_strict_clippy() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap();
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
    copy_tree(&here.join("fixtures"), &copy, root);
    // The copy uses the workspace's lock file, so cargo does not need to download crates.
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock")).unwrap();

    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["clippy", "--offline", "--workspace", "--quiet", "--color=never"])
        .args(["--", "-D", "warnings", "-W", "clippy::pedantic", "-W", "clippy::nursery"])
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CLIPPY_ARGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Copies the fixtures. In a copied `Cargo.toml`, the path of the dependency hardtack is absolute.
fn copy_tree(from: &Path, to: &Path, root: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target, root);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("../../../runtime", &root.join("runtime").to_string_lossy().replace('\\', "/"));
        // If the content of a file has not changed, do not write the file, because a newer timestamp would cause a
        // rebuild.
        if fs::read_to_string(&target).ok().as_ref() != Some(&text) {
            fs::write(&target, text).unwrap();
        }
    }
}
