#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every public header alone, twice in a row, as C11 and as C++17, with more warnings than our own code has.
#
# usage: tests/house/header_test.sh PROJECT C_COMPILER CXX_COMPILER
# shellcheck disable=SC2317 # the cases are called by their names
set -euo pipefail

project=$1 c_compiler=$2 cxx_compiler=$3
# shellcheck source=tests/house/cases.sh
source "$(dirname "$0")/cases.sh"

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wundef -Wformat=2 -Werror)
c_warnings=(-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat)
cxx_warnings=(-Wold-style-cast -Wzero-as-null-pointer-constant -Wextra-semi)

# A translation unit must declare something.
include_twice() { printf '#include <weir/%s>\n#include <weir/%s>\nextern int something;\n' "$1" "$1"; }

header_is_c() {
  include_twice "$1" | "$c_compiler" -std=c11 "${warnings[@]}" "${c_warnings[@]}" -I"$project/include" -fsyntax-only -x c -
}

header_is_cxx() {
  include_twice "$1" |
    "$cxx_compiler" -std=c++17 "${warnings[@]}" "${cxx_warnings[@]}" -I"$project/include" -fsyntax-only -x c++ -
}

for header in "$project"/include/weir/*.h; do
  run_case header_is_c "$(basename "$header")"
  run_case header_is_cxx "$(basename "$header")"
done
end_cases
