//! A property: whatever an application declares, whatever its policy is, and whatever the browser holds from earlier
//! releases, a removal always removes the cookie, and a user can always sign in.

use super::random_cases::{DECLARATIONS, STATES, case};

/// The fewest cases that must have run.
const FEWEST: usize = 10_000;

#[test]
fn a_removal_always_matches() {
    let (mut count, mut with_cookies, mut at_limit) = (0, 0, 0);
    for index in 0..DECLARATIONS {
        for number in 0..STATES {
            let Some(mut case) = case(index, number) else { continue };
            let before = case.browser.clone();
            with_cookies += usize::from(!case.sent_names().is_empty());
            let headers = case.request(case.handlers.remove).get_all("set-cookie").iter().count();
            assert!((1..=8).contains(&headers), "{headers} headers, case {index}/{number}");
            count += 1;
            // A cookie has more scopes than eight headers can remove. The named scopes come first.
            if headers == 8 {
                at_limit += 1;
                continue;
            }
            let sent = case.sent_names();
            assert!(
                sent.is_empty(),
                "{sent:?} is still sent, case {index}/{number}: {:?} at {}, {before:?}",
                case.handlers.spec,
                case.url
            );
        }
    }
    assert!(count - at_limit >= FEWEST, "{count} cases, {at_limit} at the limit");
    assert!(with_cookies >= FEWEST, "{with_cookies} with cookies");
}

/// The first `set` repairs the scopes that are named. If another scope hides the new cookie, the second `set` repairs it.
#[test]
fn the_second_sign_in_always_succeeds() {
    let (mut count, mut at_first) = (0, 0);
    for index in 0..DECLARATIONS {
        for number in 0..STATES {
            let Some(mut case) = case(index, number) else { continue };
            let before = case.browser.clone();
            let response = case.request(case.handlers.set);
            let set = response.get_all("set-cookie").iter().next_back().unwrap().to_str().unwrap().to_owned();
            // The page may be outside the cookie's path, or the domain may be another one. Then no page sees the cookie.
            let mut fresh = hardtack::testing::Browser::new(&case.url);
            fresh.set(&set);
            if fresh.visit(&case.url).get("cookie").is_none() {
                continue;
            }
            count += 1;
            if is_signed_in(&mut case) {
                at_first += 1;
                continue;
            }
            let headers = case.request(case.handlers.set).get_all("set-cookie").iter().count();
            assert!(
                headers == 8 || is_signed_in(&mut case),
                "case {index}/{number}: {:?} at {}, {before:?}\nthen {:?}",
                case.handlers.spec,
                case.url,
                case.browser
            );
        }
    }
    assert!(count >= FEWEST / 3 && at_first > count / 2, "{at_first} of {count} at the first attempt");
}

fn is_signed_in(case: &mut super::random_cases::Case) -> bool {
    let headers = case.browser.visit(&case.url);
    let cookies = hardtack::Cookies::from_headers(&headers, hardtack::testing::https()).with_policy(&case.policy);
    (case.handlers.is_present)(&cookies)
}
