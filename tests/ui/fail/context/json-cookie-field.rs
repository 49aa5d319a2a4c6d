//@ errors: 3
use hardtack::{Cookie, cookies};
use serde::{Deserialize, Serialize};

#[derive(Cookie, Serialize, Deserialize)]
struct Session(String);

#[derive(Cookie, Serialize, Deserialize)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[derive(Cookie)]
struct Plain(String);

#[cookies]
struct Shop {
    #[cookie(json)]
    session: Session,
    #[cookie(json)]
    flow: Flow,
    #[cookie(json)]
    plain: Plain,
}

fn main() {}
