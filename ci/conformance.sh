#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The table of behaviours: for every row of tests/conformance/rows.txt the cases that showed it in the last test run and
# the backends they passed on, over local sockets and over TCP. What failed, was skipped or did not run shows nothing. A
# row that no case shows is missing, unless rows.txt says that it is left out, or comes later with another part of Weir.
#
# usage: ci/conformance.sh [BUILD_FOLDER...]      default: every folder in build/ that has results
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if (($# == 0)); then set -- "$root"/build/*/; fi

for folder in "$@"; do
  find "$folder" -path '*/results/*.log' -print0 2>/dev/null
done | sort -z | xargs -0 -r awk -f "$root/ci/results.awk" | awk -F '\t' '
  # The rows; then the cases, whose names are "ROWS | CASE | BACKEND", or "... | BACKEND tcp".
  FILENAME != "-" {
    row = substr($0, 1, index($0 " ", " ") - 1)
    if (row !~ /^[A-Z]/) next
    rows[++row_count] = row
    note[row] = substr($0, length(row) + 2)
    next
  }
  $1 == "passed" && split($4, part, / \| /) >= 2 {
    split(part[3] == "" ? "unit" : part[3], word, " ")
    backend = word[1]
    transport = word[2] == "tcp" ? "tcp" : ""
    for (i = split(part[1], shown, " "); i > 0; i--) {
      row = shown[i]
      if (index(" " cases[row] " ", " " part[2] " ") == 0) cases[row] = cases[row] " " part[2]
      passed[row, part[2], transport, backend] = 1
    }
  }
  # " sim epoll", or nothing.
  function backends(row, name, transport, list, i, known, count) {
    count = split("sim poll epoll io_uring kqueue iocp unit", known, " ")
    for (i = 1; i <= count; i++) if ((row, name, transport, known[i]) in passed) list = list " " known[i]
    return list
  }
  # "(sim epoll; tcp: sim epoll)"
  function ways(row, name, local, tcp) {
    local = backends(row, name, "")
    tcp = backends(row, name, "tcp")
    return "(" substr(local, 2) (local != "" && tcp != "" ? "; " : "") (tcp != "" ? "tcp:" tcp : "") ")"
  }
  END {
    for (r = 1; r <= row_count; r++) {
      row = rows[r]
      line = ""
      for (i = split(cases[row], name, " "); i > 0; i--)
        line = name[i] " " ways(row, name[i]) (line == "" ? "" : ", " line)
      if (line != "") outcome = "covered"
      else if (note[row] ~ /^left out: /) outcome = "left out"
      else if (note[row] ~ /^later: /) outcome = "later"
      else outcome = "missing"
      print row " " (outcome == "covered" ? "covered " line : outcome == "missing" ? outcome : note[row])
      if (row !~ /^[SA][0-9]/) continue
      count[outcome]++
      if (outcome == "later") reasons[substr(note[row], 8)]++
    }
    for (reason in reasons) later = later (later == "" ? "" : ", ") "with " reason " " reasons[reason]
    printf "covered %d, left out %d, later %d (%s), missing %d\n", count["covered"], count["left out"],
      count["later"], later, count["missing"]
  }' "$root/tests/conformance/rows.txt" -
