//! Tests every kind of struct and enum that can be a cookie. The library reads each value back unchanged.
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use hardtack::{Cookie, CookieValue, Cookies, SetCookie, testing};

#[derive(Cookie, Debug, PartialEq)]
struct Tuple(u32);

#[derive(Cookie, Debug, PartialEq)]
struct Named {
    id: String,
}

#[derive(Cookie, Debug, PartialEq)]
struct Unit;

#[derive(Cookie, Debug, PartialEq)]
struct EmptyBraces {}

#[derive(Cookie, Debug, PartialEq)]
enum Lang {
    En,
    PtBr,
    #[cookie(rename = "zh-Hant")]
    ZhHant,
}

#[derive(Cookie, Debug, PartialEq)]
#[cookie(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    VeryDark = 7,
}

#[derive(CookieValue, Debug, PartialEq)]
enum Theme {
    Light,
}

#[derive(Cookie, Debug, PartialEq)]
struct ValueField(Theme);

#[derive(Debug, PartialEq)]
struct Point(u8, u8);

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

impl FromStr for Point {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (a, b) = text.split_once(':').ok_or(())?;
        Ok(Point(a.parse().map_err(drop)?, b.parse().map_err(drop)?))
    }
}

#[derive(Cookie, Debug, PartialEq)]
struct TextField(Point);

#[derive(Cookie, Debug, PartialEq)]
struct Generic<T>(T);

#[derive(Cookie, Debug, PartialEq)]
struct Bounded<T: CookieValue>(T);

#[derive(Cookie, Debug, PartialEq)]
struct Where<T>(T)
where
    T: CookieValue;

#[derive(Cookie, Debug, PartialEq)]
struct BoundedText<T: fmt::Display + FromStr>(T);

#[derive(Cookie, Debug, PartialEq)]
struct WhereText<T>(T)
where
    T: fmt::Display + FromStr;

#[derive(Debug, PartialEq)]
struct Either<A, B>(A, Option<B>);

impl<A: CookieValue, B: CookieValue> CookieValue for Either<A, B> {
    fn write(&self, out: &mut hardtack::value::ValueWriter) {
        match &self.1 {
            Some(second) => second.write(out),
            None => self.0.write(out),
        }
    }

    fn read(text: &str) -> Result<Self, hardtack::value::InvalidValue> {
        Ok(Either(A::read(text)?, None))
    }
}

/// Only one generic parameter has a bound. The derive must still add the bound that the field's type needs.
#[derive(Cookie, Debug, PartialEq)]
struct OneBounded<A, B>(Either<A, B>)
where
    A: CookieValue;

trait Kind {
    #[allow(non_camel_case_types)]
    type u32;
}

impl Kind for Point {
    type u32 = Theme;
}

/// The field's type is a path. The last segment of the type's path has the name of a number type.
#[derive(Cookie, Debug, PartialEq)]
struct Projected(<Point as Kind>::u32);

macro_rules! bounded {
    ($parameter:ty) => {
        #[derive(Cookie, Debug, PartialEq)]
        struct BoundedByMacro<T>(T)
        where
            $parameter: fmt::Display + FromStr;
    };
}
bounded!(T);

macro_rules! counted {
    ($type:ty) => {
        #[hardtack::cookies]
        struct Counted {
            visits: $type,
        }
    };
}
counted!(u32);

#[derive(Cookie, Debug, PartialEq)]
struct Borrowing<'a>(Cow<'a, str>);

fn assert_round_trip<T: Cookie + fmt::Debug + PartialEq>(value: T, expected: &str) {
    let header = testing::request_header(&value);
    assert_eq!(header, expected);
    let mut request = http::HeaderMap::new();
    request.insert("cookie", header);
    assert_eq!(Cookies::from_headers(&request, testing::https()).try_get::<T>().unwrap().as_ref(), Some(&value));
    let header = SetCookie::new(value).header_value(&testing::https()).unwrap();
    assert_eq!(header, format!("{expected}; Path=/; Secure; HttpOnly; SameSite=Lax"));
}

pub(crate) fn main() {
    assert_round_trip(Tuple(7), "__Host-Http-tuple=7");
    assert_round_trip(Named { id: "a b".to_owned() }, "__Host-Http-named=a%20b");
    assert_round_trip(Unit, "__Host-Http-unit=1");
    assert_round_trip(EmptyBraces {}, "__Host-Http-empty_braces=1");
    assert_round_trip(Lang::En, "__Host-Http-lang=en");
    assert_round_trip(Lang::PtBr, "__Host-Http-lang=pt-br");
    assert_round_trip(Lang::ZhHant, "__Host-Http-lang=zh-Hant");
    assert_round_trip(Mode::VeryDark, "__Host-Http-mode=VERY_DARK");
    assert_round_trip(ValueField(Theme::Light), "__Host-Http-value_field=light");
    assert_round_trip(TextField(Point(3, 4)), "__Host-Http-text_field=3:4");
    assert_round_trip(Generic(true), "__Host-Http-generic=true");
    assert_round_trip(Bounded('ß'), "__Host-Http-bounded=%C3%9F");
    assert_round_trip(Where(1.5), "__Host-Http-where=1.5");
    assert_round_trip(BoundedText(Point(1, 2)), "__Host-Http-bounded_text=1:2");
    assert_round_trip(WhereText(Point(1, 2)), "__Host-Http-where_text=1:2");
    assert_round_trip(BoundedByMacro(Point(1, 2)), "__Host-Http-bounded_by_macro=1:2");
    assert_round_trip(OneBounded(Either::<u8, u16>(7, None)), "__Host-Http-one_bounded=7");
    assert_round_trip(Projected(Theme::Light), "__Host-Http-projected=light");
    // The setter of a number field takes the number by value, even if a `macro_rules!` macro passed the field's type.
    let counted = Counted::from(Cookies::from_headers(&http::HeaderMap::new(), testing::https()));
    counted.set_visits(3).unwrap();
    let mut response = http::HeaderMap::new();
    Cookies::from(counted).write(&mut response);
    assert_eq!(response["set-cookie"], "__Host-Http-visits=3; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_round_trip(Borrowing(Cow::Borrowed("a")), "__Host-Http-borrowing=a");
}
