use super::*;
use crate::policy::Exception;
use crate::request::head::RequestHead;
use crate::request::tls_termination::TlsTermination;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

const TARGET: RequestTarget<'_> = RequestTarget { host: Some("www.a.example"), path: "/app/5/end" };

/// Returns the headers of a response after [`Removals::complete`].
fn complete(removals: &Removals, headers: &[&str]) -> Vec<String> {
    complete_for(removals, TARGET, headers)
}

fn complete_for(removals: &Removals, target: RequestTarget<'_>, headers: &[&str]) -> Vec<String> {
    let policy =
        Policy::builder().exception(Exception::for_cookie("left").everything().because("a test")).build().unwrap();
    let termination = TlsTermination::here();
    let (parts, ()) = http::Request::new(()).into_parts();
    let jar = JarState::new(&HeaderMap::new(), None, termination.verdict(&RequestHead::from_parts(&parts)));
    let mut response = HeaderMap::new();
    for header in headers {
        response.append(SET_COOKIE, header.parse().unwrap());
    }
    removals.complete(&mut response, target, &jar, &policy, NOW);
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

#[test]
fn removal_gets_the_known_scope() {
    for (set, attributes) in [
        ("a=1; Path=/; Secure", "; Path=/"),
        ("a=1; path=/app ;domain=.A.example; HttpOnly", "; Path=/app; Domain=a.example"),
        ("a=1; Path=/; Secure; Partitioned; Max-Age=60", "; Path=/; Partitioned"),
        ("a=1; Domain=a.example; Domain=; Path=/", "; Path=/"),
        // Browsers ignore a `Path` that does not begin with `/`.
        ("a=1; Path=app; Secure", ""),
        ("a=1", ""),
    ] {
        let removals = Removals::default();
        assert_eq!(complete(&removals, &[set]), [set]);
        for removal in ["a=; Max-Age=0", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=; Max-Age=-1; Path"] {
            assert_eq!(complete(&removals, &[removal]), [format!("{removal}{attributes}")], "{set}");
        }
    }
}

#[test]
fn own_attributes_are_not_repeated() {
    let removals = Removals::default();
    complete(&removals, &["a=1; Path=/; Domain=a.example; Partitioned"]);
    let header = "a=; Max-Age=0; Domain=b.example; Partitioned";
    assert_eq!(complete(&removals, &[header]), [format!("{header}; Path=/")]);
}

#[test]
fn unknown_scope_gets_two_removals() {
    let removals = Removals::default();
    let header = "a=; Max-Age=0; Secure";
    assert_eq!(complete(&removals, &[header]), [header.to_owned(), format!("{header}; Path=/")]);
    for name in ["__Host-a", "__host-http-a"] {
        let header = format!("{name}=; Max-Age=0");
        assert_eq!(complete(&removals, &[&header]), [format!("{header}; Path=/")]);
    }
}

#[test]
fn other_headers_are_unchanged_and_in_order() {
    let removals = Removals::default();
    let headers =
        ["b=2", "a=; Max-Age=0", "c=; Max-Age=0; Path=/c", "left=; Max-Age=0", "left=1; Path=/", "d=; Max-Age=x"];
    let expected = ["b=2", "a=; Max-Age=0", "a=; Max-Age=0; Path=/", headers[2], headers[3], headers[4], headers[5]];
    assert_eq!(complete(&removals, &headers), expected);
    // The scope of a cookie is not stored if the policy has an exception for the cookie.
    assert!(removals.known_scopes(b"left", TARGET).is_empty());
}

#[test]
fn scopes_outside_the_request_are_not_revealed() {
    let removals = Removals::default();
    for path in ["/app/5", "/app/", "/app/6", "/ap"] {
        complete(&removals, &[&format!("a=1; Path={path}")]);
    }
    assert_eq!(complete(&removals, &["a=; Max-Age=0"]), ["a=; Max-Age=0; Path=/app/5", "a=; Max-Age=0; Path=/app/"]);

    complete(&removals, &["b=1; Path=/; Domain=a.example", "b=1; Path=/; Domain=b.example"]);
    let gone = |host| complete_for(&removals, RequestTarget { host, ..TARGET }, &["b=; Max-Age=0"]);
    assert_eq!(gone(Some("www.a.example")), ["b=; Max-Age=0; Path=/; Domain=a.example"]);
    assert_eq!(gone(Some("b.example")), ["b=; Max-Age=0; Path=/; Domain=b.example"]);
    let guessed = ["b=; Max-Age=0", "b=; Max-Age=0; Path=/"];
    assert_eq!(
        (gone(Some("notb.example")), gone(None)),
        (guessed.map(str::to_owned).to_vec(), guessed.map(str::to_owned).to_vec())
    );
}

#[test]
fn latest_scopes_of_a_name_are_kept() {
    let removals = Removals::default();
    for path in ["/", "/app", "/a", "/b", "/c", "/c"] {
        complete(&removals, &[&format!("a=1; Path={path}")]);
    }
    assert_eq!(complete(&removals, &["a=; Max-Age=0"]), ["a=; Max-Age=0; Path=/app"]);
}

#[test]
fn flood_of_names_keeps_the_first_scopes() {
    let removals = Removals::default();
    complete(&removals, &["session=1; Path=/app"]);
    for name in 0..if cfg!(miri) { 2 * CookieScope::MAX } else { 1000 } {
        complete(&removals, &[&format!("n{name}=1; Path=/")]);
    }
    assert_eq!(removals.scopes().len(), CookieScope::MAX);
    assert_eq!(complete(&removals, &["session=; Max-Age=0"]), ["session=; Max-Age=0; Path=/app"]);
}
