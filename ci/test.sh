#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Everything that this machine can show of Weir: form, every preset, every test natively and under Wine, once more under
# the sanitizers and valgrind. It ends with the counts; a skip says why.
#
# usage: ci/test.sh [--quick]      --quick leaves out the sanitizers and valgrind
# shellcheck disable=SC2317 # a step is called by its name
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
left_out=()
presets=(posix macos-cross macos-cross-x86_64 mingw64)
thorough=(posix-fallback posix-asan posix-tsan posix-valgrind)
case ${1:-} in
  '') presets+=("${thorough[@]}") ;;
  --quick) left_out=("${thorough[@]}") ;;
  *) sed -n 's/^# usage: //p' "$0" >&2 && exit 2 ;;
esac

logs=build/logs
failed_steps=()
rm -rf $logs build/*/results
mkdir -p $logs

# Runs a step with its output in a log, which is shown when the step failed. The others still run.
step() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$logs/$name.log" 2>&1 </dev/null; then
    echo "$name: ok, $((SECONDS - start)) s"
  else
    echo "$name: FAILED, $((SECONDS - start)) s; the end of $logs/$name.log:"
    tail -n 60 "$logs/$name.log" | sed 's/^/    /'
    failed_steps+=("$name")
  fi
}

shell_check() { shellcheck -x ci/*.sh tests/*.sh tests/fuzz/*.sh tests/house/*.sh .ci/run; }

trap 'ci/wine.sh stop' EXIT
step packages ci/packages.sh checks
step format ci/format.sh --check
step shell shell_check
step reference ci/reference.sh
for preset in "${presets[@]}"; do
  step "$preset" ci/preset.sh "$preset"
done
if ((${#left_out[@]} == 0)); then
  step coverage ci/coverage.sh
  step fuzz ci/fuzz.sh 10
fi

echo
echo "conformance: $(ci/conformance.sh | tail -n 1); ci/conformance.sh has the rows"
if ((${#left_out[@]})); then echo "left out because of --quick: ${left_out[*]}"; fi
if ((${#failed_steps[@]})); then echo "failed steps: ${failed_steps[*]}"; fi
ci/summary.sh
ci/summary.sh --total "${#failed_steps[@]}"
exit $((${#failed_steps[@]} > 0))
