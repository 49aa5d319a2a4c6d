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
    pub struct ShopCookies_session(SessionId);
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
        impl ::hardtack::private::DeclaredCookie for ShopCookies_session {
            const DECLARED: ::hardtack::private::Spec = (__SPEC,).0;
            const TEMPLATE: ::hardtack::private::HeaderTemplate = ::hardtack::private::HeaderTemplate::new(
                "__Host-Http-session=",
                "; Path=/; Secure; HttpOnly; SameSite=Lax",
            );
            type Access = ::hardtack::private::Settable;
            type Carrier = ::hardtack::private::Carrier<true>;
            type Audience = ::hardtack::private::Audience<true>;
            type Lifetime = ::hardtack::private::Lifetime<false>;
            fn write_value(&self, __out: &mut ::hardtack::private::ValueWriter) {
                #[allow(unused_imports)]
                use ::hardtack::private::{
                    ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _,
                };
                (&&&&::hardtack::private::Via::<SessionId>::new())
                    .write_via(&self.0, __out)
            }
            fn read_value(
                __text: &::core::primitive::str,
            ) -> ::hardtack::private::Read<Self> {
                #[allow(unused_imports)]
                use ::hardtack::private::{
                    ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _,
                };
                ::core::result::Result::map(
                    (&&&&::hardtack::private::Via::<SessionId>::new()).read_via(__text),
                    Self,
                )
            }
        }
    };
    const _: () = (::hardtack::private::distinct)(
        &<Theme as ::hardtack::Cookie>::SETTABLE_SPEC,
        &[&<ShopCookies_session as ::hardtack::private::DeclaredCookie>::DECLARED],
    );
    impl ShopCookies<::hardtack::Https> {
        /// The declarations of all the cookies, in the order of the fields.
        pub const SPECS: &'static [::hardtack::private::Spec] = &[
            <ShopCookies_session as ::hardtack::private::DeclaredCookie>::DECLARED,
            <Theme as ::hardtack::Cookie>::SETTABLE_SPEC,
        ];
    }
    impl<__Scheme: ::hardtack::Scheme> ShopCookies<__Scheme> {
        /// The session of the signed-in user.
        ///
        ///Reads `__Host-Http-session`. Returns `None` if the request has no such cookie, or if the cookie cannot be read.
        pub fn session(&self) -> ::core::option::Option<SessionId>
        where
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
        {
            ::core::option::Option::map(
                ::hardtack::Cookies::get::<ShopCookies_session>(&self.0),
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
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
        {
            ::core::result::Result::map(
                ::hardtack::Cookies::try_get::<ShopCookies_session>(&self.0),
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
            __value: impl ::core::convert::Into<SessionId>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                ::hardtack::SetCookie::new(
                    ShopCookies_session(
                        <_ as ::core::convert::Into<SessionId>>::into(__value),
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
            __value: impl ::core::convert::Into<SessionId>,
            __change: impl ::core::ops::FnOnce(
                ::hardtack::SetCookie<ShopCookies_session>,
            ) -> ::hardtack::SetCookie<ShopCookies_session>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                __change(
                    ::hardtack::SetCookie::new(
                        ShopCookies_session(
                            <_ as ::core::convert::Into<SessionId>>::into(__value),
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
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
        {
            ::hardtack::Cookies::remove::<ShopCookies_session>(&self.0)
        }
        ///Reads the cookie that `Theme` declares. Returns `None` if the request has no such cookie, or if the cookie cannot be read.
        pub fn theme(&self) -> ::core::option::Option<Theme>
        where
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
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
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
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
            __value: impl ::core::convert::Into<Theme>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                ::hardtack::SetCookie::new(
                    <_ as ::core::convert::Into<Theme>>::into(__value),
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
            __value: impl ::core::convert::Into<Theme>,
            __change: impl ::core::ops::FnOnce(
                ::hardtack::SetCookie<Theme>,
            ) -> ::hardtack::SetCookie<Theme>,
        ) -> ::core::result::Result<(), ::hardtack::SetError>
        where
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
        {
            ::hardtack::Cookies::set(
                &self.0,
                __change(
                    ::hardtack::SetCookie::new(
                        <_ as ::core::convert::Into<Theme>>::into(__value),
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
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
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
            ShopCookies_session: ::hardtack::AllowedOver<__Scheme>,
            for<'__c> Theme: ::hardtack::Cookie + ::hardtack::AllowedOver<__Scheme>,
        {
            let __result = ::core::result::Result::Ok(());
            let __result = ::core::result::Result::and(
                __result,
                ::hardtack::Cookies::remove::<ShopCookies_session>(&self.0),
            );
            let __result = ::core::result::Result::and(
                __result,
                ::hardtack::Cookies::remove::<Theme>(&self.0),
            );
            __result
        }
    }
    #[automatically_derived]
    impl<
        __Scheme: ::hardtack::Scheme,
    > ::core::convert::From<::hardtack::Cookies<__Scheme>> for ShopCookies<__Scheme> {
        fn from(__cookies: ::hardtack::Cookies<__Scheme>) -> Self {
            Self(__cookies)
        }
    }
    #[automatically_derived]
    impl<__Scheme: ::hardtack::Scheme> ::core::convert::From<ShopCookies<__Scheme>>
    for ::hardtack::Cookies<__Scheme> {
        fn from(__set: ShopCookies<__Scheme>) -> Self {
            __set.0
        }
    }
    #[automatically_derived]
    impl<__Scheme: ::hardtack::Scheme> ::core::clone::Clone for ShopCookies<__Scheme> {
        fn clone(&self) -> Self {
            Self(::core::clone::Clone::clone(&self.0))
        }
    }
    #[automatically_derived]
    impl<__Scheme: ::hardtack::Scheme> ::core::fmt::Debug for ShopCookies<__Scheme> {
        fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            let mut __tuple = ::core::fmt::Formatter::debug_tuple(__f, "ShopCookies");
            ::core::fmt::DebugTuple::field(&mut __tuple, &self.0);
            ::core::fmt::DebugTuple::finish(&mut __tuple)
        }
    }
    ::hardtack::__extractors!(ShopCookies);
};
