#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The counts of the last test run: what was skipped and what failed, and why, and a line for each way of running.
#
# usage: ci/summary.sh                  everything
#        ci/summary.sh --total FAILED   one line over all, with so many failures more
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cases() { find build -path '*/results/*.log' -print0 | sort -z | xargs -0 -r awk -f ci/results.awk; }

if [[ ${1:-} == --total ]]; then
  cases | awk -F '\t' -v more="$2" '{ count[$1]++ }
    END { printf "%d passed, %d failed, %d skipped\n", count["passed"], count["failed"] + more, count["skipped"] }'
  exit
fi

# Entries that begin with "cross." look at the Windows build from outside: they run natively.
cases | awk -F '\t' '
  function way(build, entry) {
    if (build == "mingw64" && entry !~ /^cross\./) return "Wine"
    if (build == "posix" || build == "mingw64") return "native"
    sub(/^posix-/, "", build)
    return build
  }
  # The same case with the same reason is named once, with the ways in which it was run.
  function name_case(outcome) {
    line = outcome ": " $3 ": " $4 ($5 == "" ? "" : ": " $5)
    if (!(line in ways)) lines[outcome, ++line_count[outcome]] = line
    ways[line] = ways[line] (ways[line] == "" ? "" : ", ") way($2, $3)
  }
  $1 != "passed" { name_case($1) }
  { count[way($2, $3), $1]++; ran[way($2, $3)] = 1 }
  function print_cases(outcome, i, line) {
    for (i = 1; i <= line_count[outcome]; i++) {
      line = lines[outcome, i]
      print line " (" ways[line] ")"
    }
  }
  END {
    print_cases("skipped")
    print_cases("failed")
    way_count = split("fallback asan tsan valgrind windows native Wine", names, " ")
    for (i = 1; i <= way_count; i++) {
      name = names[i]
      if (name in ran)
        printf "%s: %d passed, %d failed, %d skipped\n", name, count[name, "passed"], count[name, "failed"],
          count[name, "skipped"]
    }
  }'
