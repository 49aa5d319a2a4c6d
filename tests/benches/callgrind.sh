# Functions for the scripts in this folder. Callgrind counts the instructions and the allocations of an operation. Each
# count is the difference between a run with many operations and a run with few operations, divided by the number of
# additional operations. So the count does not contain the cost of starting and ending the program.
# shellcheck shell=bash

few=${FEW:-100}
many=${MANY:-600}

need_valgrind() {
    command -v valgrind >/dev/null || { echo "$0 needs valgrind: apt-get install valgrind" >&2; exit 1; }
}

# Builds a bench in the release profile. Prints the path of the program. `cookies` has the default features of hardtack.
build_bench() { # bench
    local features=$1
    case $1 in cookies) features= ;; router) features=axum ;; esac
    cargo bench --quiet -p hardtack-benches --features "$features" --bench "$1" --no-run --message-format=json |
        sed -n 's/.*"name":"'"$1"'".*"executable":"\([^"]*\)".*/\1/p'
}

# Prints the number of instructions and the number of allocations in one run.
count_run() { # program case count
    local out
    out=$(mktemp)
    valgrind --tool=callgrind --callgrind-out-file="$out" --compress-strings=no -q "$1" "$2" "$3" >/dev/null ||
        { rm -f "$out"; return 1; }
    awk '
        /^(totals|summary):/ { instructions = $2 }
        /^cfn=/ { allocates = /^cfn=(malloc|calloc|realloc|aligned_alloc|posix_memalign)$/ }
        /^calls=/ && allocates { split($1, calls, "="); allocations += calls[2] }
        END { print instructions, allocations }
    ' "$out"
    rm "$out"
}

# Prints the number of instructions and the number of allocations of one operation.
count_operation() { # program case
    local instructions allocations more_instructions more_allocations
    read -r instructions allocations < <(count_run "$1" "$2" "$few") || return 1
    read -r more_instructions more_allocations < <(count_run "$1" "$2" "$many") || return 1
    awk "BEGIN { printf \"%.0f %.1f\n\", ($more_instructions - $instructions) / ($many - $few),
        ($more_allocations - $allocations) / ($many - $few) }"
}

# Prints one line of `count_all`, with the number of the case.
count_case() { # program number-and-name
    local number name instructions allocations
    IFS=$'\t' read -r number name <<<"$2"
    read -r instructions allocations < <(count_operation "$1" "$name") || return 1
    printf '%s\t%s\t%s\t%s\n' "$number" "$name" "$instructions" "$allocations"
}

# Reads the names of cases. Prints the name, the instructions and the allocations of each case, in the same order. Counts
# as many cases at the same time as there are processors.
count_all() { # program
    export few many
    export -f count_run count_operation count_case
    awk '{ print NR "\t" $0 }' | xargs -d '\n' -P "$(nproc)" -I {} bash -c 'count_case "$@"' _ "$1" {} |
        sort -n | cut -f 2-
}
