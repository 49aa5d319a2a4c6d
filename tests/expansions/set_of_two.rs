// #[hardtack::cookies]
// pub struct ShopCookies {
//     /// The session of the signed-in user.
//     pub session: SessionId,
//     #[cookie(existing)]
//     pub theme: Theme,
// }

pub struct ShopCookies<S: ::hardtack::Scheme = ::hardtack::Https>(
    ::hardtack::Cookies<S>,
);
#[allow(
    non_camel_case_types,
    missing_docs,
    unreachable_pub,
    dead_code,
    deprecated,
    clippy::pedantic
)]
const _: () = {
    pub struct ShopCookiesSession(SessionId);
    const _: () = {
        const _: ::core::option::Option<&'static ::core::primitive::str> = ::core::option_env!(
            "HARDTACK_DENY"
        );
        const __SPEC: ::hardtack::private::Spec = ::hardtack::private::Spec::new(
            "__Host-Http-session",
        );
        ::hardtack::__declared!(
            "ShopCookies::session", __SPEC, [" The session of the signed-in user."],
            ::core::file!(), ::core::line!()
        );
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::hardtack::private::DeclaredCookie for ShopCookiesSession {
            const DECLARED: ::hardtack::private::Spec = (__SPEC,).0;
            const TEMPLATE: ::hardtack::private::HeaderTemplate = ::hardtack::private::HeaderTemplate::new(
                "__Host-Http-session=",
                "; Path=/; Secure; HttpOnly; SameSite=Lax",
            );
            type Access = ::hardtack::private::Settable;
            type Carrier = ::hardtack::private::Carrier<true>;
            type Audience = ::hardtack::private::Audience<true>;
            type Lifetime = ::hardtack::private::Lifetime<false>;
            fn write_value(&self, out: &mut ::hardtack::private::ValueWriter) {
                #[allow(unused_imports)]
                use ::hardtack::private::{
                    ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _,
                };
                (&&&&::hardtack::private::Via::<SessionId>::new())
                    .write_via(&self.0, out)
            }
            fn read_value(
                text: &::core::primitive::str,
            ) -> ::hardtack::private::Read<Self> {
                #[allow(unused_imports)]
                use ::hardtack::private::{
                    ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _,
                };
                ::core::result::Result::map(
                    (&&&&::hardtack::private::Via::<SessionId>::new()).read_via(text),
                    Self,
                )
            }
        }
    };
    const _: () = (::hardtack::private::distinct)(
        &<Theme as ::hardtack::Cookie>::SETTABLE_SPEC,
        &[&<ShopCookiesSession as ::hardtack::private::DeclaredCookie>::DECLARED],
    );
    impl ShopCookies<::hardtack::Https> {
        /// The declarations of all the cookies, in the order of the fields.
        pub const SPECS: &'static [::hardtack::private::Spec] = &[
            <ShopCookiesSession as ::hardtack::private::DeclaredCookie>::DECLARED,
            <Theme as ::hardtack::Cookie>::SETTABLE_SPEC,
        ];
    }
    impl<S: ::hardtack::Scheme> ShopCookies<S> {
        /// The session of the signed-in user.
        ///
        ///Reads `__Host-Http-session`. Returns `None` if the request has no such cookie, or if the cookie cannot be read.
        pub fn session(&self) -> ::core::option::Option<SessionId>
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
        {
            ::core::option::Option::map(
                ::hardtack::Cookies::get::<ShopCookiesSession>(&self.0),
                |__marker| __marker.0,
            )
        }
        /// The session of the signed-in user.
        ///
        ///Reads `__Host-Http-session`.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::try_get`.
        pub fn try_session(
            &self,
        ) -> ::core::result::Result<
            ::core::option::Option<SessionId>,
            ::hardtack::ReadError,
        >
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
        {
            ::core::result::Result::map(
                ::hardtack::Cookies::try_get::<ShopCookiesSession>(&self.0),
                |__found| ::core::option::Option::map(__found, |__marker| __marker.0),
            )
        }
        /// The session of the signed-in user.
        ///
        ///Sets `__Host-Http-session=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::set`.
        pub fn set_session(
            &self,
            value: impl ::core::convert::Into<SessionId>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                ::hardtack::SetCookie::new(
                    ShopCookiesSession(
                        <_ as ::core::convert::Into<SessionId>>::into(value),
                    ),
                ),
            )
        }
        /// The session of the signed-in user.
        ///
        ///Sets `__Host-Http-session=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
        ///The closure changes the `SetCookie` for this response only.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::set`.
        pub fn set_session_with(
            &self,
            value: impl ::core::convert::Into<SessionId>,
            change: impl ::core::ops::FnOnce(
                ::hardtack::SetCookie<ShopCookiesSession>,
            ) -> ::hardtack::SetCookie<ShopCookiesSession>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                change(
                    ::hardtack::SetCookie::new(
                        ShopCookiesSession(
                            <_ as ::core::convert::Into<SessionId>>::into(value),
                        ),
                    ),
                ),
            )
        }
        /// The session of the signed-in user.
        ///
        ///Removes `__Host-Http-session`.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::remove`.
        pub fn remove_session(&self) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::remove::<ShopCookiesSession>(&self.0)
        }
        ///Reads the cookie that `Theme` declares. Returns `None` if the request has no such cookie, or if the cookie cannot be read.
        pub fn theme(&self) -> ::core::option::Option<Theme>
        where
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::get::<Theme>(&self.0)
        }
        ///Reads the cookie that `Theme` declares.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::try_get`.
        pub fn try_theme(
            &self,
        ) -> ::core::result::Result<::core::option::Option<Theme>, ::hardtack::ReadError>
        where
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::try_get::<Theme>(&self.0)
        }
        ///Sets the cookie that `Theme` declares.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::set`.
        pub fn set_theme(
            &self,
            value: impl ::core::convert::Into<Theme>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                ::hardtack::SetCookie::new(
                    <_ as ::core::convert::Into<Theme>>::into(value),
                ),
            )
        }
        ///Sets the cookie that `Theme` declares.
        ///The closure changes the `SetCookie` for this response only.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::set`.
        pub fn set_theme_with(
            &self,
            value: impl ::core::convert::Into<Theme>,
            change: impl ::core::ops::FnOnce(
                ::hardtack::SetCookie<Theme>,
            ) -> ::hardtack::SetCookie<Theme>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                change(
                    ::hardtack::SetCookie::new(
                        <_ as ::core::convert::Into<Theme>>::into(value),
                    ),
                ),
            )
        }
        ///Removes the cookie that `Theme` declares.
        ///
        ///# Errors
        ///
        ///Returns an error in the same cases as `Cookies::remove`.
        pub fn remove_theme(&self) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            ::hardtack::Cookies::remove::<Theme>(&self.0)
        }
        /// Removes every cookie of the set that this program sets, for example when the user signs out. The method
        /// does not remove a `read_only` cookie, because another program owns the cookie.
        ///
        /// If one cookie cannot be removed, the method still removes the other cookies.
        ///
        /// # Errors
        ///
        /// Returns the first error. An error occurs in the same cases as in `Cookies::remove`.
        pub fn remove_all(&self) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookiesSession: ::hardtack::AllowedOver<S>,
            for<'a> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<S>,
        {
            let __result = ::core::result::Result::Ok(());
            let __result = ::core::result::Result::and(
                __result,
                ::hardtack::Cookies::remove::<ShopCookiesSession>(&self.0),
            );
            let __result = ::core::result::Result::and(
                __result,
                ::hardtack::Cookies::remove::<Theme>(&self.0),
            );
            __result
        }
    }
    #[automatically_derived]
    impl<S: ::hardtack::Scheme> ::core::convert::From<::hardtack::Cookies<S>>
    for ShopCookies<S> {
        fn from(cookies: ::hardtack::Cookies<S>) -> Self {
            Self(cookies)
        }
    }
    #[automatically_derived]
    impl<S: ::hardtack::Scheme> ::core::convert::From<ShopCookies<S>>
    for ::hardtack::Cookies<S> {
        fn from(set: ShopCookies<S>) -> Self {
            set.0
        }
    }
    #[automatically_derived]
    impl<S: ::hardtack::Scheme> ::core::clone::Clone for ShopCookies<S> {
        fn clone(&self) -> Self {
            Self(::core::clone::Clone::clone(&self.0))
        }
    }
    #[automatically_derived]
    impl<S: ::hardtack::Scheme> ::core::fmt::Debug for ShopCookies<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            let mut __tuple = ::core::fmt::Formatter::debug_tuple(f, "ShopCookies");
            ::core::fmt::DebugTuple::field(&mut __tuple, &self.0);
            ::core::fmt::DebugTuple::finish(&mut __tuple)
        }
    }
    ::hardtack::__extractors!(ShopCookies, S, State);
};
