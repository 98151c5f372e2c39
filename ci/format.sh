#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Brings our C into the form of .clang-format; with --check it only says what is not. The version is pinned: others format
# a little differently.
#
# usage: ci/format.sh [--check]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
how=-i
if [[ ${1:-} == --check ]]; then how='--dry-run --Werror'; fi
# shellcheck disable=SC2086 # two words
find . -path ./build -prune -o -name '*.[ch]' -print0 | xargs -0 clang-format-14 $how
