#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the shared library shows to others and what it takes from the system. Works on ELF and on a DLL.
#
# usage: tests/house/symbols_test.sh LIBRARY STATIC_LIBRARY EXPORTED_FUNCTIONS NM OBJDUMP
# shellcheck disable=SC2317 # the cases are called by their names
set -euo pipefail

library=$1 archive=$2 functions=$3 nm=$4 objdump=$5
# shellcheck source=tests/house/cases.sh
source "$(dirname "$0")/cases.sh"

is_dll() { [[ $library == *.dll ]]; }

exported() {
  if is_dll; then
    "$objdump" -p "$library" | sed -n '/^\[Ordinal\/Name Pointer\] Table/,/^$/s/^\t\[ *[0-9]*\] //p'
  else
    "$nm" -D --defined-only --format=posix "$library" | awk '$2 != "A" { sub(/@.*/, "", $1); print $1 }'
  fi
}

# What the objects of the library want from elsewhere. The DLL itself would show its start-up code as well.
wanted() { "$nm" --format=posix "$archive" | awk '$2 == "U" { sub(/@.*/, "", $1); sub(/^__imp_/, "", $1); print $1 }'; }

exports_are_the_functions_of_the_headers() { diff <(sort "$functions") <(exported | sort); }

every_export_is_ours() { if exported | grep -v '^weir_[a-z0-9_]*$'; then return 1; fi; }

# The library never prints, exits or aborts, and raises no signal; `kill` is for the children that it has started.
nothing_is_called_that_a_library_must_not_call() {
  local forbidden='(__)?(mingw_)?v?f?printf(_chk)?|puts|putchar|perror|fputs|fputc|putc|fwrite'
  forbidden+='|_?exit|_Exit|quick_exit|abort|atexit|raise|signal|ExitProcess'
  local names
  names=$(wanted)
  grep -qx memset <<<"$names"
  if grep -xE "$forbidden" <<<"$names"; then return 1; fi
}

no_library_of_the_compiler_is_needed() {
  local needed
  needed=$("$objdump" -p "$library" | sed -nE 's/^[[:space:]]*(DLL Name:|NEEDED) +//p')
  echo "$needed"
  [[ $needed ]]
  if grep -iE '^lib(gcc|stdc|winpthread|ssp)' <<<"$needed"; then return 1; fi
}

run_case exports_are_the_functions_of_the_headers
run_case every_export_is_ours
run_case nothing_is_called_that_a_library_must_not_call
run_case no_library_of_the_compiler_is_needed
end_cases
