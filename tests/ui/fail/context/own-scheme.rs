//@ errors: 1
struct TrustMe;

impl hardtack::Scheme for TrustMe {}

fn main() {}
