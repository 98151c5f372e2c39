# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Cases for the scripts of this folder, reported as CMocka reports its own, so that they are counted alike. To be
# sourced. A case is a function that fails, or does not.

case_count=0
failed_count=0

run_case() {
  echo "[ RUN      ] $*"
  case_count=$((case_count + 1))
  # Not called as a condition: `set -e` would not hold inside.
  set +e
  (
    set -e
    "$@"
  )
  local status=$?
  set -e
  if ((status == 0)); then
    echo "[       OK ] $*"
  else
    failed_count=$((failed_count + 1))
    echo "[  FAILED  ] $*"
  fi
}

end_cases() {
  echo "[==========] $case_count test(s) run."
  exit $((failed_count > 0))
}
