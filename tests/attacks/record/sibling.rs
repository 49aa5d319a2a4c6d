//! Attacks by a host of the same site, such as `evil.shop.example` against `app.shop.example`, and by another site.

use super::super::attack::{ATTACK, Attack, From, Goal, Plant, Raw, Target, When};

const DEFAULT: Attack = Attack { file: "sibling.rs", plants: on_the_same_path, ..ATTACK };

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "Cookie tossing",
            summary: "A sibling host sets the attacker's session cookie with a Domain. The victim is signed in.",
            ..DEFAULT
        },
        Attack {
            name: "Shadowing by path",
            summary: "A sibling host sets the attacker's session cookie with a longer Path, so that it comes first.",
            plants: on_a_longer_path,
            ..DEFAULT
        },
        Attack {
            name: "Tossing before the sign-in",
            summary: "A sibling host sets the attacker's session cookie before the sign-in, so that it is older \
                      and comes first.",
            when: When::BeforeSignIn,
            ..DEFAULT
        },
        Attack {
            name: "Login CSRF",
            summary: "A sibling host sets the attacker's session cookie in the browser of a visitor who is not signed \
                      in.",
            when: When::Anonymous,
            ..DEFAULT
        },
        Attack {
            name: "Session fixation",
            summary: "A sibling host sets the cookie of a session without a user. The application keeps the \
                      session id at the sign-in.",
            goal: Goal::Fixation,
            when: When::BeforeSignIn,
            ..DEFAULT
        },
        Attack {
            name: "CSRF token fixation in the session",
            summary: "As session fixation, but the application renews the session id at the sign-in and keeps the CSRF \
                      token.",
            goal: Goal::SessionToken,
            when: When::BeforeSignIn,
            ..DEFAULT
        },
        Attack {
            name: "CSRF token fixation by double submit",
            summary: "A sibling host sets the cookie with the CSRF token, and sends a form with the same token.",
            goal: Goal::TokenCookie,
            plants: |target| [on_the_same_path(target), on_a_longer_path(target)].concat(),
            ..DEFAULT
        },
        Attack {
            name: "Eviction",
            summary: "A sibling host sets so many cookies that the browser deletes the victim's session cookie.",
            goal: Goal::Absence,
            plants: flood,
            raw: Raw::WithoutVictimsCookies,
            ..DEFAULT
        },
        Attack {
            name: "Eviction and replacement",
            summary: "As eviction, and then the sibling host sets the attacker's session cookie.",
            plants: |target| [flood(target), on_the_same_path(target), on_a_longer_path(target)].concat(),
            raw: Raw::WithoutVictimsCookies,
            ..DEFAULT
        },
        Attack {
            name: "Planting from another site",
            summary: "A host of another site sets the attacker's session cookie with the victim's Domain.",
            when: When::Anonymous,
            plants: |target| {
                on_the_same_path(target).into_iter().map(|plant| Plant { from: From::OtherSite, ..plant }).collect()
            },
            raw: Raw::BrowserOnly,
            ..DEFAULT
        },
    ]
}

fn on_the_same_path(target: &Target<'_>) -> Vec<Plant> {
    with_attributes(target, "Path=/")
}

fn on_a_longer_path(target: &Target<'_>) -> Vec<Plant> {
    ["Path=/who", "Path=/token-pay"].into_iter().flat_map(|path| with_attributes(target, path)).collect()
}

/// Sets the cookie with and without a prefix, by a header and by a script. A script cannot set `HttpOnly`.
fn with_attributes(target: &Target<'_>, path: &str) -> Vec<Plant> {
    let domain = &target.setup.domain;
    let plants = target.names().into_iter().flat_map(|name| {
        let cookie = format!("{name}={}; Domain={domain}; {path}; Secure", target.value);
        let [header, script] = From::Sibling.sends_and_writes(cookie.clone());
        [header, script, From::Sibling.sends(format!("{cookie}; HttpOnly"))]
    });
    plants.collect()
}

/// Browsers store about 180 cookies per site.
fn flood(target: &Target<'_>) -> Vec<Plant> {
    let domain = &target.setup.domain;
    (0..220).map(|number| From::Sibling.sends(format!("flood{number}=1; Domain={domain}; Path=/; Secure"))).collect()
}
