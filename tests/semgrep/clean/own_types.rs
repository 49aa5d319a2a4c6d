//! Types of a game that have the same names as the types of cookie libraries.

use std::collections::BTreeMap;

pub struct Cookie {
    pub crumbs: u32,
}

impl Cookie {
    pub fn new(crumbs: u32) -> Self {
        Cookie { crumbs }
    }
}

#[derive(Default)]
pub struct CookieJar(BTreeMap<u32, Cookie>);

impl CookieJar {
    pub fn add(&mut self, cookie: Cookie) {
        self.0.insert(cookie.crumbs, cookie);
    }

    pub fn remove(&mut self, crumbs: u32) {
        self.0.remove(&crumbs);
    }
}

pub fn bake(jar: &mut CookieJar) {
    jar.add(Cookie::new(7));
    jar.remove(7);
}
