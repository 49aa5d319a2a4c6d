//! Reads cookies with Rocket, beside a queue with the same method names.

use rocket::http::{CookieJar, Header};
use rocket::response::Response;

pub struct Queue(Vec<u32>);

impl Queue {
    pub fn add(&mut self, job: u32) {
        self.0.push(job);
    }
}

#[rocket::get("/")]
pub fn read(jar: &CookieJar<'_>) -> Option<String> {
    let mut queue = Queue(Vec::new());
    queue.add(1);
    jar.get_private("session").map(|cookie| cookie.value().to_owned())
}

pub fn frame(response: &mut Response<'_>) {
    response.set_header(Header::new("X-Frame-Options", "DENY"));
}
