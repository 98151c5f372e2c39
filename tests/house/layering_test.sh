#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The walls of the house: who may include whom, where the system may be asked for, how wide the seam is. Each rule is a
# function of a tree, so that a last case can break every rule in a copy and see it noticed.
#
# usage: tests/house/layering_test.sh PROJECT
# shellcheck disable=SC2317 # the cases are called by their names
set -euo pipefail

project=$1
# shellcheck source=tests/house/cases.sh
source "$(dirname "$0")/cases.sh"

c_headers='assert|ctype|errno|float|inttypes|limits|math|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib'
c_headers+='|stdnoreturn|string|time'
value_headers='(base|address|encoding)/[a-z0-9_]+'

# Finding nothing is no failure here.
search() { grep "$@" || true; }

# Prints what is read from standard input, and fails when that is anything.
expect_nothing() { if grep .; then return 1; fi; }

# A conditional above the seam asks for nothing but our own macros, the language and asserts. Weaker than "names no
# system" would need a list of all systems.
above_the_seam_no_conditional_names_a_system() {
  search -rnE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b' "$1/src/common" "$1/include" --include='*.[ch]' |
    search -v '/include/weir/export\.h:' |
    sed -E 's/^([^:]*:[0-9]+:)(.*)/\1\2\t\2/' |
    awk -F '\t' '{
      text = $2
      gsub(/^[[:space:]]*#[[:space:]]*(ifdef|ifndef|elif|if)/, "", text)
      gsub(/defined|WEIR_[A-Z0-9_]+|__cplusplus|NDEBUG/, "", text)
      if (text ~ /[A-Za-z_\\]/) print $1
    }' | expect_nothing
}

common_includes_only_c_itself_and_the_library() {
  search -rnE '^[[:space:]]*#[[:space:]]*include' "$1/src/common" "$1/include" --include='*.[ch]' |
    search -vE "#[[:space:]]*include (<($c_headers)\.h>|<weir/[a-z0-9_]+\.h>|\"common/([a-z_]+/)?[a-z0-9_]+\.h\")" |
    expect_nothing
}

backends_include_of_common_only_the_seam_and_values() {
  search -rnE '#[[:space:]]*include "common/' "$1"/src/{posix,win32,sim} --include='*.[ch]' |
    search -vE "\"common/(backend|passing|system|$value_headers)\.h\"" | expect_nothing
}

values_know_nothing_of_loops() {
  search -rnE '#[[:space:]]*include "common/' "$1"/src/common/{base,address,encoding} --include='*.[ch]' |
    search -vE "\"common/(system|$value_headers)\.h\"" | expect_nothing
}

backends_do_not_include_each_other() {
  local folder
  for folder in posix win32 sim; do
    search -rnE '#[[:space:]]*include "(posix|win32|sim)/' "$1/src/$folder" --include='*.[ch]' |
      search -v "include \"$folder/" | expect_nothing
  done
}

# How many function pointers a structure has.
count_operations() {
  sed -n "/^struct $2 {/,/^};/p" "$1" | grep -cE '\(\*(const )?[a-z_]+\)\('
}

the_seam_has_at_most_20_operations() {
  local count
  count=$(count_operations "$1/src/common/backend.h" backend_operations)
  echo "$count operations"
  ((count > 0 && count <= 20))
}

a_poller_has_at_most_6_operations() {
  local count
  count=$(count_operations "$1/src/posix/poller.h" poller_operations)
  echo "$count operations"
  ((count > 0 && count <= 6))
}

every_public_header_is_part_of_weir_h() {
  local header
  for header in "$1"/include/weir/*.h; do
    header=$(basename "$header")
    if [[ $header != weir.h ]] && ! grep -q "include <weir/$header>" "$1/include/weir/weir.h"; then echo "$header"; fi
  done | expect_nothing
}

rules=(
  above_the_seam_no_conditional_names_a_system
  common_includes_only_c_itself_and_the_library
  backends_include_of_common_only_the_seam_and_values
  values_know_nothing_of_loops
  backends_do_not_include_each_other
  the_seam_has_at_most_20_operations
  a_poller_has_at_most_6_operations
  every_public_header_is_part_of_weir_h
)

# Breaks every rule, one at a time: TEXT is added to FILE of a copy, and the rule must fail there.
breaking_a_rule_is_noticed() {
  local copy rule file text many_operations
  many_operations=$(printf '%.0s\\n  void (*operation)(void);' {1..21})
  copy=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$copy'" EXIT
  while read -r rule file text; do
    rm -rf "${copy:?}"/*
    cp -r "$1/src" "$1/include" "$copy/"
    "$rule" "$copy" >/dev/null || return 1
    echo -e "$text" >>"$copy/$file"
    if "$rule" "$copy" >"$copy/output"; then
      echo "not noticed in $file: $text"
      return 1
    fi
  done <<END
above_the_seam_no_conditional_names_a_system src/common/base/list.h #ifdef _WIN32\n#endif
above_the_seam_no_conditional_names_a_system src/common/base/list.h #  if defined(NDEBUG) && defined(__linux__)\n#endif
above_the_seam_no_conditional_names_a_system src/common/base/list.h #if defined(NDEBUG) || \\\\\n  defined(__APPLE__)\n#endif
above_the_seam_no_conditional_names_a_system include/weir/weir.h #if __GNUC__ > 4\n#endif
common_includes_only_c_itself_and_the_library src/common/base/list.h #include <unistd.h>
common_includes_only_c_itself_and_the_library src/common/base/list.h #include "posix/os.h"
backends_include_of_common_only_the_seam_and_values src/posix/broken.h #include "common/socket/socket.h"
values_know_nothing_of_loops src/common/base/list.h #include "common/loop/loop.h"
backends_do_not_include_each_other src/sim/broken.h #include "posix/os.h"
the_seam_has_at_most_20_operations src/common/backend.h struct backend_operations {$many_operations\n};
a_poller_has_at_most_6_operations src/posix/poller.h struct poller_operations {$many_operations\n};
every_public_header_is_part_of_weir_h include/weir/broken.h /* nothing */
END
}

for rule in "${rules[@]}"; do
  run_case "$rule" "$project"
done
run_case breaking_a_rule_is_noticed "$project"
end_cases
