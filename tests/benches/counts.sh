#!/usr/bin/env bash
# Prints the instructions, allocations and nanoseconds per operation for each case of a bench: `cookies`, `router`,
# `frameworks` or `operations`. `counts.sh BENCH TEXT` prints only the cases whose names contain the text.
#
# The counts are nearly the same on every machine. The time per operation depends on the machine. The script runs each
# operation many times and prints the shortest time.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
cd "$folder/../.."
. "$folder/callgrind.sh"
need_valgrind
bench=${1:?"counts.sh BENCH [TEXT]"}
program=$(build_bench "$bench")

times=$("$program" times)
printf '%-75s %12s %12s %8s\n' "per operation" instructions allocations ns
grep -F -- "${*:2}" <<<"$times" | cut -f 1 | count_all "$program" | while IFS=$'\t' read -r case instructions allocations; do
    time=$(awk -F '\t' -v name="$case" '$1 == name { print $2 }' <<<"$times")
    printf '%-75s %12d %12.1f %8d\n' "$case" "$instructions" "$allocations" "$time"
done
