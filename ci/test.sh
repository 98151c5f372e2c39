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
presets=(posix mingw64 macos-cross macos-cross-x86_64)
thorough=(posix-fallback posix-asan posix-tsan posix-valgrind)
case ${1:-} in
  '') presets+=("${thorough[@]}") ;;
  --quick) left_out=("${thorough[@]}" coverage fuzz) ;;
  *) sed -n 's/^# usage: //p' "$0" >&2 && exit 2 ;;
esac

logs=build/logs
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
    echo "$name" >>$logs/failed
  fi
}

shell_check() { shellcheck -x ci/*.sh tests/*.sh tests/fuzz/*.sh tests/house/*.sh .ci/run; }

# What is built is built ahead of the tests, one after the other and at the lowest priority: tests mostly wait, and have
# the processor when they want it.
build_ahead() {
  local preset
  for preset in "${presets[@]}"; do
    step "$preset-build" nice -n 19 ci/preset.sh --build "$preset"
    touch "$logs/$preset-build.over"
  done
  if ((${#left_out[@]} == 0)); then step fuzz nice -n 19 ci/fuzz.sh 10; fi
}

test_what_is_built() {
  local preset
  for preset in "${presets[@]}"; do
    until [[ -e $logs/$preset-build.over ]]; do sleep 0.5; done
    case $preset in
      macos-cross*) ;;
      *) step "$preset" ci/preset.sh --test "$preset" ;;
    esac
  done
  if ((${#left_out[@]} == 0)); then step coverage ci/coverage.sh --no-tests; fi
}

trap 'ci/wine.sh stop' EXIT
step packages ci/packages.sh build tests checks
step format ci/format.sh --check
step shell shell_check
step reference ci/reference.sh
build_ahead &
test_what_is_built
wait

echo
echo "conformance: $(ci/conformance.sh | tail -n 1); ci/conformance.sh has the rows"
if ((${#left_out[@]})); then echo "left out because of --quick: ${left_out[*]}"; fi
failed_steps=()
if [[ -e $logs/failed ]]; then mapfile -t failed_steps <$logs/failed; fi
if ((${#failed_steps[@]})); then echo "failed steps: ${failed_steps[*]}"; fi
ci/summary.sh
ci/summary.sh --total "${#failed_steps[@]}"
exit $((${#failed_steps[@]} > 0))
