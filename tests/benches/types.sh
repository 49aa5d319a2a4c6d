#!/usr/bin/env bash
# Measures the build cost of one type that derives traits of hardtack, std, thiserror or serde. The script builds a
# crate with 200 types that derive the traits. The script also builds the same crate without the derives. The cost of
# one type is the difference between the builds of the two crates, divided by 200. The script prints:
#
# - the CPU milliseconds of the shortest of RUNS runs of `cargo check` (default 9)
# - the lines and bytes of the expansion, measured by the nightly option -Zmacro-stats
# - for hardtack, the lines of LLVM IR and the bytes of .text in a release build
#
# In a table row with the word `used`, the measured crate also sets and reads a cookie of each type once.
set -euo pipefail
cd "$(dirname "$0")/../.."
ours=$PWD
crate=$(mktemp -d)
trap 'rm -r "$crate"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$crate/target}
types=200
runs=${RUNS:-9}

mkdir "$crate/src"
cat >"$crate/Cargo.toml" <<TOML
[package]
name = "types"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
hardtack = { path = "$ours/runtime", default-features = false }
serde = { version = "1", features = ["derive"] }
thiserror = "2"
TOML
cp Cargo.lock "$crate/"

# Prints the source of a crate with types of one kind. If the argument `use` has the value `used`, the crate also sets
# and reads a cookie of each type once.
write() { # kind use
    echo 'pub const MAX_AGE: core::time::Duration = core::time::Duration::from_secs(60);'
    for ((i = 0; i < types; i++)); do
        case $1 in
        nothing) derive='' ;;
        std) derive='#[derive(Clone, Debug, PartialEq)]' ;;
        thiserror) derive='#[derive(Debug, thiserror::Error)] #[error("e {0}")]' ;;
        serde) derive='#[derive(serde::Serialize, serde::Deserialize)]' ;;
        literals) derive='#[derive(hardtack::Cookie)] #[cookie(max_age = "8h")]' ;;
        constants) derive="#[derive(hardtack::Cookie)] #[cookie(name = \"__Host-t$i\", max_age = MAX_AGE)]" ;;
        esac
        echo "$derive pub struct T$i(pub String);"
        if [ "$2" = used ]; then
            echo "pub fn set$i(cookies: &hardtack::Cookies, value: T$i) -> bool { cookies.set(value).is_ok() }"
            echo "pub fn get$i(cookies: &hardtack::Cookies) -> Option<T$i> { cookies.try_get().ok()? }"
        fi
    done >"$crate/src/types"
    cat "$crate/src/types"
}

cargo_quietly() { cargo "$@" --quiet --manifest-path "$crate/Cargo.toml"; }

# Prints the CPU milliseconds of the shortest `cargo check`.
check() { # kind
    write "$1" unused >"$crate/src/lib.rs"
    cargo_quietly check
    local shortest=999999 spent run
    for ((run = 0; run < runs; run++)); do
        touch "$crate/src/lib.rs"
        spent=$( { TIMEFORMAT='%U %S' && time cargo_quietly check; } 2>&1 | awk 'END { print int(($1 + $2) * 1000) }')
        ((spent >= shortest)) || shortest=$spent
    done
    echo "$shortest"
}

# Prints the lines and bytes of the expansion for one type.
expansion() {
    touch "$crate/src/lib.rs"
    cargo +nightly rustc --manifest-path "$crate/Cargo.toml" --profile check -- -Zmacro-stats 2>&1 | tr -d _ |
        awk -v types=$types '/^macro-stats #\[derive/ { lines += $(NF - 3); bytes += $(NF - 1) }
            END { printf "%.1f %d\n", lines / types, bytes / types }'
}

printf '%-12s %14s %8s %8s\n' 'one type' 'check, CPU ms' lines bytes
base=$(check nothing)
for kind in std thiserror serde literals constants; do
    spent=$(check $kind)
    read -r lines bytes < <(expansion)
    printf '%-12s %14s %8s %8s\n' $kind "$(awk "BEGIN { printf \"%.2f\", ($spent - $base) / $types }")" "$lines" "$bytes"
done

# Prints the lines of LLVM IR before optimisation and the bytes of .text after optimisation, in a release build.
release_size() { # kind use
    write "$1" "$2" >"$crate/src/lib.rs"
    rm -f "$CARGO_TARGET_DIR"/release/deps/types-*
    cargo rustc --quiet --release --manifest-path "$crate/Cargo.toml" --lib -- -Cno-prepopulate-passes \
        -Cpasses=name-anon-globals -Ccodegen-units=1 --emit llvm-ir 2>/dev/null
    ir=$(cat "$CARGO_TARGET_DIR"/release/deps/types-*.ll | wc -l)
    cargo rustc --quiet --release --manifest-path "$crate/Cargo.toml" --lib -- -Ccodegen-units=1 --emit obj 2>/dev/null
    text=$(size "$CARGO_TARGET_DIR"/release/deps/types-*.o | awk '{ text += $1 } END { print text }')
    echo "$ir $text"
}

printf '\n%-30s %10s %10s\n' 'one type, release' 'lines of IR' '.text'
read -r ir text < <(release_size nothing unused)
for kind in 'literals unused' 'literals used' 'constants used'; do
    read -r more_ir more_text < <(release_size $kind)
    printf '%-30s %10s %10s\n' "$kind" $(((more_ir - ir) / types)) $(((more_text - text) / types))
done
