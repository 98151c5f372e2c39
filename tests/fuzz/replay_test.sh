#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every fuzzer on its fixed series of inputs, as a test; ci/fuzz.sh lets them look for new ones.
#
# usage: tests/fuzz/replay_test.sh COMMAND...      each COMMAND is one fuzzer, linked with replay.c
# shellcheck disable=SC2317 # the case is called by its name
set -euo pipefail

# shellcheck source=tests/house/cases.sh
source "$(dirname "$0")/../house/cases.sh"

finds_nothing_in_a_fixed_series() { "$1"; }

for fuzzer in "$@"; do run_case finds_nothing_in_a_fixed_series "$fuzzer"; done
end_cases
