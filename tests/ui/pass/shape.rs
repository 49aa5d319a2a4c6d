//! Every shape that can be a cookie, and what reads back.
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
struct OfValue(Theme);

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
struct OfText(Point);

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
    fn write(&self, out: &mut hardtack::ValueWriter) {
        match &self.1 {
            Some(second) => second.write(out),
            None => self.0.write(out),
        }
    }

    fn read(text: &str) -> Result<Self, hardtack::InvalidValue> {
        Ok(Either(A::read(text)?, None))
    }
}

/// One parameter is bounded, and the other has what the field needs of it.
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

/// A path that ends as a number's name does.
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

fn comes_back<T: Cookie + fmt::Debug + PartialEq>(value: T, expected: &str) {
    let header = testing::request_header(&value);
    assert_eq!(header, expected);
    let mut request = http::HeaderMap::new();
    request.insert("cookie", header);
    assert_eq!(Cookies::read(&request, testing::https()).get::<T>().unwrap().as_ref(), Some(&value));
    assert!(SetCookie::new(value).header_value(&testing::https()).is_ok());
}

pub(crate) fn main() {
    comes_back(Tuple(7), "__Host-Http-tuple=7");
    comes_back(Named { id: "a b".to_owned() }, "__Host-Http-named=a%20b");
    comes_back(Unit, "__Host-Http-unit=1");
    comes_back(EmptyBraces {}, "__Host-Http-empty_braces=1");
    comes_back(Lang::En, "__Host-Http-lang=en");
    comes_back(Lang::PtBr, "__Host-Http-lang=pt-br");
    comes_back(Lang::ZhHant, "__Host-Http-lang=zh-Hant");
    comes_back(Mode::VeryDark, "__Host-Http-mode=VERY_DARK");
    comes_back(OfValue(Theme::Light), "__Host-Http-of_value=light");
    comes_back(OfText(Point(3, 4)), "__Host-Http-of_text=3:4");
    comes_back(Generic(true), "__Host-Http-generic=true");
    comes_back(Bounded('ß'), "__Host-Http-bounded=%C3%9F");
    comes_back(Where(1.5), "__Host-Http-where=1.5");
    comes_back(BoundedText(Point(1, 2)), "__Host-Http-bounded_text=1:2");
    comes_back(WhereText(Point(1, 2)), "__Host-Http-where_text=1:2");
    comes_back(BoundedByMacro(Point(1, 2)), "__Host-Http-bounded_by_macro=1:2");
    comes_back(OneBounded(Either::<u8, u16>(7, None)), "__Host-Http-one_bounded=7");
    comes_back(Projected(Theme::Light), "__Host-Http-projected=light");
    // The setter takes the number itself, whoever wrote its type.
    let counted = Counted::from(Cookies::read(&http::HeaderMap::new(), testing::https()));
    assert!(counted.set_visits(3).is_ok());
    Cookies::from(counted).write(&mut http::HeaderMap::new());
    comes_back(Borrowing(Cow::Borrowed("a")), "__Host-Http-borrowing=a");
}
