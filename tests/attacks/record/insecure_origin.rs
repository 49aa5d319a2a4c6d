//! Attacks over plain HTTP. An attacker in the network answers in place of the victim's host and of its sibling hosts.

use super::super::attack::{ATTACK, Attack, From, Plant, Target, When};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack =
        |name, summary, when, plants| Attack { name, file: "insecure_origin.rs", summary, when, plants, ..ATTACK };
    vec![
        attack(
            "Overwriting by insecure origins",
            "An attacker in the network sets the attacker's session cookie over plain HTTP. The victim is signed in.",
            When::SignedIn,
            |target| insecurely(target, "/"),
        ),
        attack(
            "Planting by insecure origins",
            "As overwriting, but the visitor is not signed in.",
            When::Anonymous,
            |target| insecurely(target, "/"),
        ),
        attack(
            "Shadowing by insecure origins",
            "An attacker in the network sets the cookie over plain HTTP with a longer Path, before the sign-in.",
            When::BeforeSignIn,
            |target| insecurely(target, "/who"),
        ),
    ]
}

/// Sets the cookie from the victim's host and from a sibling host, by a header and by a script, with and without
/// `Secure`.
fn insecurely(target: &Target<'_>, path: &str) -> Vec<Plant> {
    let domain = &target.setup.domain;
    let mut plants = Vec::new();
    for name in target.names() {
        let cookie = format!("{name}={}; Path={path}", target.value);
        plants.extend(From::PlainHttp.sends_and_writes(cookie.clone()));
        plants.extend(From::PlainHttp.sends_and_writes(format!("{cookie}; Secure")));
        plants.push(From::PlainHttp.sends(format!("{cookie}; Secure; HttpOnly")));
        plants.extend(From::PlainHttp.sends_and_writes(format!("{cookie}; Domain={domain}")));
        plants.extend(From::PlainSibling.sends_and_writes(format!("{cookie}; Domain={domain}")));
        plants.extend(From::PlainSibling.sends_and_writes(format!("{cookie}; Domain={domain}; Secure")));
    }
    plants
}
