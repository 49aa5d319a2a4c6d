//@ errors: 5
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(name = "__host-session")]
struct Lower(String);

#[derive(Cookie)]
#[cookie(name = "__SECURE-session")]
struct Upper(String);

#[derive(Cookie)]
#[cookie(name = "__http-session")]
struct Http(String);

#[derive(Cookie)]
#[cookie(name = "__Host-http-session")]
struct Half(String);

#[derive(Cookie)]
#[cookie(name = "__HostHttp-session")]
struct Withdrawn(String);

fn main() {}
