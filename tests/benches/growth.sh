#!/usr/bin/env bash
# Prints one table that shows how the instructions of an operation grow with the size of the input. The cases are in
# `operations/growth.rs`.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
cd "$folder/../.."
. "$folder/callgrind.sh"
need_valgrind
few=20 many=120
program=$(build_bench operations)

"$program" | sed -n '/^grow: /p' | count_all "$program" | awk -F '\t' '
    {
        split($1, name, ": ")
        if (!(name[2] in rows)) { rows[name[2]] = ++count; order[count] = name[2] }
        if (!(name[3] in seen)) { seen[name[3]] = 1; sizes[++columns] = name[3] + 0 }
        cells[name[2], name[3]] = $2
    }
    END {
        for (i = 2; i <= columns; i++)
            for (j = i; j > 1 && sizes[j - 1] > sizes[j]; j--) { t = sizes[j]; sizes[j] = sizes[j - 1]; sizes[j - 1] = t }
        printf "%-58s", "instructions, by size"
        for (i = 1; i <= columns; i++) printf "%9d", sizes[i]
        print ""
        for (row = 1; row <= count; row++) {
            printf "%-58s", order[row]
            for (i = 1; i <= columns; i++) {
                cell = cells[order[row], sizes[i]]
                printf "%9s", cell == "" ? "" : cell
            }
            print ""
        }
    }
'
