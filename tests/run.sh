#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs one test program in a temporary directory of its own and keeps what it prints in LOG, where ci/results.awk counts
# the cases. A log that does not end with an exit status belongs to a program that was killed.
#
# usage: tests/run.sh LOG COMMAND...
set -euo pipefail

log=$1
shift
mkdir -p "$(dirname "$log")"
unset WEIR_BACKEND
# Below /tmp: a path of a Unix socket has little room.
TMPDIR=$(mktemp -d /tmp/weir-test.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

status=0
"$@" >"$log" 2>&1 </dev/null || status=$?
echo "exit status $status" >>"$log"
cat "$log"
exit "$status"
