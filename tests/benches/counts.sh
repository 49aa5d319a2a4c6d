#!/usr/bin/env bash
# Instructions and allocations per operation of every case of layer.rs, or of another bench: `counts.sh seal`. Callgrind runs each case twice, with different
# counts, and the difference is divided: what starts and ends the program cancels.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "counts.sh needs valgrind: apt-get install valgrind" >&2; exit 1; }

name=${1:-layer}
few=100
many=2100
counts=$(mktemp -d)
trap 'rm -r "$counts"' EXIT

bench=$(cargo bench --quiet -p hardtack-tests --bench "$name" --no-run --message-format=json |
    sed -n 's/.*"name":"'"$name"'".*"executable":"\([^"]*\)".*/\1/p')

# Instructions and calls of the allocator in one run.
run() { # case count
    valgrind --tool=callgrind --callgrind-out-file="$counts/out" --compress-strings=no -q "$bench" "$1" "$2"
    awk '
        /^(totals|summary):/ { instructions = $2 }
        /^cfn=/ { allocates = /^cfn=(malloc|calloc|realloc|aligned_alloc|posix_memalign)$/ }
        /^calls=/ && allocates { split($1, calls, "="); allocations += calls[2] }
        END { print instructions, allocations }
    ' "$counts/out"
}

printf '%-40s %12s %12s\n' "per operation" instructions allocations
"$bench" | grep -v '^ ' | while read -r case; do
    read -r instructions allocations < <(run "$case" "$few")
    read -r more_instructions more_allocations < <(run "$case" "$many")
    printf '%-40s %12d %12.1f\n' "$case" \
        $(((more_instructions - instructions) / (many - few))) \
        "$(awk "BEGIN { print ($more_allocations - $allocations) / ($many - $few) }")"
done
