#!/usr/bin/env bash
# Measures how much build time each set of dependencies costs. Prints a table. For each row, the script builds one empty
# crate with the dependencies in the first column. The other columns are:
#
# - the number of crates in the build
# - the CPU seconds of a clean debug build, without downloads. The script builds each crate RUNS times (default 3) and
#   shows the shortest build.
#
# For hardtack, the script also prints the CPU seconds of each crate.
set -euo pipefail
cd "$(dirname "$0")/../.."
ours=$PWD
crate=$(mktemp -d)
trap 'rm -r "$crate"' EXIT
export CARGO_TARGET_DIR=$crate/target
runs=${RUNS:-3}

# Writes an empty crate with the dependencies in the argument. The versions of the dependencies come from our own lock
# file.
write() { # dependencies
    mkdir -p "$crate/src"
    : >"$crate/src/lib.rs"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n%b\n' "$1" \
        >"$crate/Cargo.toml"
    cp Cargo.lock "$crate/"
    cargo fetch --quiet --manifest-path "$crate/Cargo.toml"
}

build() {
    rm -rf "$CARGO_TARGET_DIR"
    cargo build --quiet --offline --manifest-path "$crate/Cargo.toml"
}

# Prints one row of the table.
row() { # label dependencies
    write "$2"
    local shortest=999999 spent run crates
    crates=$(cargo tree --quiet --offline --manifest-path "$crate/Cargo.toml" --edges no-dev --prefix none --no-dedupe |
        sort -u | grep -vc '^empty ')
    for ((run = 0; run < runs; run++)); do
        spent=$( { TIMEFORMAT='%U %S' && time build; } 2>&1 | awk 'END { print int(($1 + $2) * 100) }')
        ((spent >= shortest)) || shortest=$spent
    done
    printf '%-52s %6d %8s\n' "$1" "$crates" "$(awk "BEGIN { printf \"%.1f\", $shortest / 100 }")"
}

hardtack="hardtack = { path = '$ours/runtime' }"
bare="hardtack = { path = '$ours/runtime', default-features = false }"
# The dependencies that hardtack needs with every set of features.
minimum="http = '1'\nsyn = '3'\nquote = '1'\nproc-macro2 = '1'"
printf '%-52s %6s %8s\n' 'a clean debug build' crates 'CPU s'
row 'http, syn, quote, proc-macro2' "$minimum"
row 'http, syn, quote, proc-macro2, cookie' "$minimum\ncookie = '0.18'"
row 'hardtack without cookie' "$bare"
row 'hardtack' "$hardtack"
features=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z][a-z-]*\) = .*/\1/p' runtime/Cargo.toml | grep -vx default)
for feature in $features; do
    row "hardtack with $feature only" \
        "hardtack = { path = '$ours/runtime', default-features = false, features = ['$feature'] }"
done
row 'cookie' "cookie = '0.18'"
row 'serde with its derive' "serde = { version = '1', features = ['derive'] }"
row 'axum-extra with its cookies' "axum-extra = { version = '0.12', features = ['cookie'] }"
row 'tower-cookies' "tower-cookies = '0.11'"
row 'biscotti' "biscotti = '0.4'"

cat >"$crate/timed" <<'SH'
#!/usr/bin/env bash
# Runs the compiler for one crate. Appends the CPU seconds and the crate's name to the file `spent`.
name=$(sed -n 's/.*--crate-name \([a-z0-9_]*\) .*/\1/p' <<<"$*")
exec 3>&2
TIMEFORMAT="%U %S $name"
{ time "$@" 2>&3; code=$?; } 2>>"$(dirname "$0")/spent"
exit $code
SH
chmod +x "$crate/timed"
write "$hardtack"
RUSTC_WRAPPER=$crate/timed build
printf '\n%-52s %15s\n' 'hardtack, by crate' 'CPU s'
awk 'NF == 3 { spent[$3] += $1 + $2 } END { for (name in spent) printf "%-52s %15.1f\n", name, spent[name] }' \
    "$crate/spent" | sort -k 2 -rn | head -12
