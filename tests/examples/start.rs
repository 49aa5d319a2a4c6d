//! The server of the README, for plain `http://localhost:3000`: `cargo run --example start`. The README shows the whole
//! file `start/server.rs`. `tests/docs.rs` runs `start/test.rs`, which tests the server.

include!("start/server.rs");
