//@ errors: 9
use hardtack::cookies;

#[cookies]
struct Setter {
    theme: u32,
    set_theme: u32,
}

#[cookies]
struct SetterFirst {
    remove_theme: u32,
    theme: u32,
}

#[cookies]
struct SetterWith {
    theme: u32,
    set_theme_with: u32,
}

#[cookies]
struct Both {
    theme: u32,
    theme_with: u32,
}

#[cookies]
struct Getter {
    theme: u32,
    try_theme: u32,
}

#[cookies]
struct GetterFirst {
    try_theme: u32,
    theme: u32,
}

#[cookies]
struct List {
    SPECS: u32,
}

#[cookies]
struct All {
    all: u32,
}

#[cookies]
struct RemoveAll {
    remove_all: u32,
}

fn main() {}
