#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Which lines of src/common and src/posix the native tests run: runs the preset posix-asan, which counts them, prints a line
# for each file, and fails below a share of 90 % in either folder. What no test of this kind can reach counts all the
# same. Details are in build/posix-asan/coverage.html.
#
# usage: ci/coverage.sh [--no-tests]      --no-tests counts what the last run left
set -euo pipefail

least=90
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/posix-asan
if [[ $(uname) == Linux ]]; then ci/packages.sh coverage; fi
if [[ ${1:-} != --no-tests ]]; then ci/preset.sh posix-asan; fi

count() { gcovr --root . --object-directory $build --filter "src/$1/" --exclude-directories '.*/CompilerIdC' "${@:2}" $build; }

count '(common|posix)' --html-details $build/coverage.html >/dev/null
failed=0
for folder in common posix; do
  echo "src/$folder:"
  count $folder --fail-under-line $least || failed=1
done
exit $failed
