#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The table of behaviours: for every row of tests/conformance/rows.txt the cases that showed it in the last test run and
# the backends they passed on. What failed, was skipped or did not run shows nothing.
#
# usage: ci/conformance.sh [BUILD_FOLDER...]      default: every folder in build/ that has results
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if (($# == 0)); then set -- "$root"/build/*/; fi

for folder in "$@"; do
  find "$folder" -path '*/results/*.log' -print0 2>/dev/null
done | sort -z | xargs -0 -r awk -f "$root/ci/results.awk" | awk -F '\t' '
  # The rows; then the cases, whose names are "ROWS | CASE | BACKEND".
  FILENAME != "-" {
    row = substr($0, 1, index($0 " ", " ") - 1)
    if (row !~ /^[A-Z]/) next
    rows[++row_count] = row
    note[row] = substr($0, length(row) + 2)
    next
  }
  $1 == "passed" && split($4, part, / \| /) >= 2 {
    backend = part[3] == "" ? "unit" : part[3]
    sub(/ .*/, "", backend)
    for (i = split(part[1], shown, " "); i > 0; i--) {
      row = shown[i]
      if (index(" " cases[row] " ", " " part[2] " ") == 0) cases[row] = cases[row] " " part[2]
      passed[row, part[2], backend] = 1
    }
  }
  function backends(row, name, list, i, known, count) {
    count = split("sim poll epoll kqueue iocp unit", known, " ")
    for (i = 1; i <= count; i++) if ((row, name, known[i]) in passed) list = list " " known[i]
    return "(" substr(list, 2) ")"
  }
  END {
    for (r = 1; r <= row_count; r++) {
      row = rows[r]
      line = ""
      for (i = split(cases[row], name, " "); i > 0; i--)
        line = name[i] " " backends(row, name[i]) (line == "" ? "" : ", " line)
      if (line != "") outcome = "covered"
      else if (note[row] ~ /^left out: /) outcome = "left out"
      else outcome = "missing"
      print row " " (outcome == "covered" ? "covered " line : outcome == "left out" ? note[row] : "missing")
      if (row ~ /^[SA][0-9]/) count[outcome]++
    }
    printf "covered %d, left out %d, missing %d\n", count["covered"], count["left out"], count["missing"]
  }' "$root/tests/conformance/rows.txt" -
