// #[derive(hardtack::Cookie)]
// #[cookie(name = SESSION_NAME)]
// struct Session(String);

const _: () = {
    const _: ::core::option::Option<&'static ::core::primitive::str> = ::core::option_env!(
        "HARDTACK_DENY"
    );
    const __SPEC: ::hardtack::private::Spec = ::hardtack::private::Spec::new(
            SESSION_NAME,
        )
        .explicit_name();
    const _: () = (::hardtack::private::check)(
        &__SPEC,
        ::hardtack::private::Argument::Name,
        false,
    );
    const __NAME_EQ: &[::core::primitive::u8] = &::hardtack::private::join::<
        { __SPEC.name.len() + 1 },
    >(__SPEC.name, "=");
    const __ATTRIBUTES: &[::core::primitive::u8] = &::hardtack::private::attributes::<
        { ::hardtack::private::attributes_length(&__SPEC) },
    >(&__SPEC);
    ::hardtack::__declared!("Session", __SPEC, [], ::core::file!(), ::core::line!());
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::hardtack::private::DeclaredCookie for Session {
        const DECLARED: ::hardtack::private::Spec = (__SPEC,).0;
        const TEMPLATE: ::hardtack::private::HeaderTemplate = ::hardtack::private::HeaderTemplate::new(
            ::hardtack::private::text(__NAME_EQ),
            ::hardtack::private::text(__ATTRIBUTES),
        );
        type Access = ::hardtack::private::Settable;
        type Carrier = ::hardtack::private::Carrier<true>;
        type Audience = ::hardtack::private::Audience<true>;
        type Lifetime = ::hardtack::private::Lifetime<false>;
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
