// #[derive(hardtack::Cookie)]
// /// The session of the signed-in user.
// #[cookie(max_age = "8h", same_site = Strict)]
// struct Session(String);

const _: () = {
    const _: ::core::option::Option<&'static ::core::primitive::str> = ::core::option_env!(
        "HARDTACK_DENY"
    );
    const __SPEC: ::hardtack::private::Spec = ::hardtack::private::Spec::new(
            "__Host-Http-session",
        )
        .max_age(::core::time::Duration::from_secs(28800u64))
        .same_site(::hardtack::SameSite::Strict);
    ::hardtack::__declared!(
        "Session", __SPEC, [" The session of the signed-in user."], ::core::file!(),
        ::core::line!()
    );
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::hardtack::private::DeclaredCookie for Session {
        const DECLARED: ::hardtack::private::Spec = (__SPEC,).0;
        const TEMPLATE: ::hardtack::private::HeaderTemplate = ::hardtack::private::HeaderTemplate::new(
            "__Host-Http-session=",
            "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict",
        );
        type Access = ::hardtack::private::Settable;
        type Carrier = ::hardtack::private::Carrier<true>;
        type Audience = ::hardtack::private::Audience<true>;
        type Lifetime = ::hardtack::private::Lifetime<true>;
        fn write_value(&self, out: &mut ::hardtack::private::ValueWriter) {
            <String as ::hardtack::CookieValue>::write(&self.0, out)
        }
        fn read_value(text: &::core::primitive::str) -> ::hardtack::private::Read<Self> {
            ::core::result::Result::map(
                <String as ::hardtack::CookieValue>::read(text),
                Self,
            )
        }
    }
};
