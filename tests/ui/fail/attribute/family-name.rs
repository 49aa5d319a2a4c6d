//@ errors: 3
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(name = "__Host-flow", keyed, max_age = "10m")]
    flow: String,
    #[cookie(name = "__Host-flow.start")]
    start: String,
    #[cookie(name = "__Host-step.a")]
    first: String,
    #[cookie(name = "__Host-step", keyed, max_age = "10m")]
    step: String,
    #[cookie(name = "__Host-other", keyed, max_age = "10m")]
    other: String,
    #[cookie(name = "__Host-other")]
    same: String,
}

fn main() {}
