//! Attacks on the writer of the `Set-Cookie` header. The application writes the attacker's text into a cookie.

use super::super::attack::{ATTACK, Attack, Goal, Raw, When};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name, summary, texts, no_control| Attack {
        name,
        file: "injection.rs",
        summary,
        goal: Goal::Injection(texts),
        when: When::Anonymous,
        raw: Raw::NoCookies,
        by_hand: true,
        no_control,
        ..ATTACK
    };
    vec![
        attack(
            "Attribute injection",
            "The application writes the attacker's text into a cookie. The text has a `;` and an attribute.",
            &["x; Domain={domain}", "x\"; Domain={domain}", "x;Domain={domain};"],
            None,
        ),
        attack(
            "Response splitting",
            "The application writes the attacker's text into a cookie. The text has a line break and a header.",
            &["x\r\nSet-Cookie: injected=1", "x\nSet-Cookie: injected=1", "x\rSet-Cookie: injected=1"],
            Some("the Rust crates for HTTP refuse a line break in a header"),
        ),
    ]
}
