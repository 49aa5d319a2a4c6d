//@ errors: 3
use hardtack::Https;

fn main() {
    let _ = hardtack::Https(());
    let _ = Https { verdict: () };
    let _ = Https::default();
}
