#!/usr/bin/env bash
# Prints the instructions, allocations and nanoseconds per operation for each case of operations/. With an argument,
# prints only the cases whose names contain the argument.
#
# Callgrind counts the instructions and the allocations. The script runs each case twice in Callgrind, with few and with
# many operations. The result is the difference of the two counts, divided by the number of additional operations. So
# the result does not contain the cost of starting and ending the program.
#
# The counts are the same on every machine. The time per operation depends on the machine. The script runs each
# operation many times and prints the shortest time.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "counts.sh needs valgrind: apt-get install valgrind" >&2; exit 1; }

few=100
many=600
counts=$(mktemp -d)
trap 'rm -r "$counts"' EXIT

bench=$(cargo bench --quiet -p hardtack-tests --bench operations --no-run --message-format=json |
    sed -n 's/.*"name":"operations".*"executable":"\([^"]*\)".*/\1/p')

# Prints the number of instructions and the number of allocations in one run.
run() { # case count
    valgrind --tool=callgrind --callgrind-out-file="$counts/out" --compress-strings=no -q "$bench" "$1" "$2"
    awk '
        /^(totals|summary):/ { instructions = $2 }
        /^cfn=/ { allocates = /^cfn=(malloc|calloc|realloc|aligned_alloc|posix_memalign)$/ }
        /^calls=/ && allocates { split($1, calls, "="); allocations += calls[2] }
        END { print instructions, allocations }
    ' "$counts/out"
}

"$bench" times >"$counts/times"
printf '%-50s %12s %12s %8s\n' "per operation" instructions allocations ns
grep -F -- "${*:-}" "$counts/times" | while IFS=$'\t' read -r case time; do
    read -r instructions allocations < <(run "$case" "$few")
    read -r more_instructions more_allocations < <(run "$case" "$many")
    printf '%-50s %12d %12.1f %8d\n' "$case" \
        $(((more_instructions - instructions) / (many - few))) \
        "$(awk "BEGIN { print ($more_allocations - $allocations) / ($many - $few) }")" "$time"
done
