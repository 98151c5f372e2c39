#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Which lines of src/common and src/posix the native tests run: builds and runs the preset posix-coverage, prints a line
# for each file, and fails below a share of 90 % in either folder. What no test of this kind can reach counts all the
# same. Details are in build/posix-coverage/coverage.html.
#
# usage: ci/coverage.sh [--no-tests]      --no-tests counts what the last run left
set -euo pipefail

least=90
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/posix-coverage
if [[ ${1:-} != --no-tests ]]; then
  if [[ $(uname) == Linux ]]; then ci/packages.sh build tests coverage; fi
  find $build -name '*.gcda' -delete 2>/dev/null || true
  cmake --preset posix-coverage
  cmake --build --preset posix-coverage
  rm -rf $build/results
  # The house's tests build the library anew, what mostly waits or repeats itself shows no further line, and a program
  # that another user runs (bad_input) cannot write its counts.
  ctest --preset posix-coverage -j 2 \
    -E '^(house|bench)|throughput|soak|^interop.(bulk|burst|half_open|many|rude)|^samples.(bad_input|chat|counting)'
fi

# Every target of the library is its own copy of the code: gcovr adds them up.
count() { gcovr --root . --object-directory $build --filter "src/$1/" --exclude-directories '.*/CompilerIdC' "${@:2}" $build; }

count '(common|posix)' --html-details $build/coverage.html >/dev/null
failed=0
for folder in common posix; do
  echo "src/$folder:"
  count $folder --fail-under-line $least || failed=1
done
exit $failed
