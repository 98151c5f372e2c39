#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs the library, moves what was installed, and builds and runs a program against it: in C and C++, with the shared
# and the static library, by the CMake package and by the pkg-config file.
#
# usage: tests/house/consumer_test.sh BUILD C_COMPILER CXX_COMPILER TOOLCHAIN_FILE EMULATOR...
#        TOOLCHAIN_FILE is - when there is none; without an EMULATOR programs run as they are
# shellcheck disable=SC2317 # the cases are called by their names
set -euo pipefail

build=$1 c_compiler=$2 cxx_compiler=$3 toolchain=$4
shift 4
emulator=("$@")
folder=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/house/cases.sh
source "$folder/cases.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/moved
export PKG_CONFIG_PATH LD_LIBRARY_PATH DYLD_LIBRARY_PATH WINEPATH

install_and_move() {
  cmake --install "$build" --prefix "$scratch/installed" >"$scratch/install.log"
  mv "$scratch/installed" "$prefix"
  [[ -e $prefix/include/weir/weir.h ]]
  # Nothing remembers where it was.
  if grep -rIlF "$scratch/installed" "$prefix"; then return 1; fi
}

# Runs a program that was built and expects its word. A DLL is found by PATH, other libraries by the loader's variable.
expect_consumed() {
  local program=$1 output
  if [[ -e $program.exe ]]; then program+=.exe; fi
  output=$("${emulator[@]}" "$program" "ipc:consumer-$$-$RANDOM" </dev/null | tr -d '\r')
  echo "$output"
  [[ $output == "consumed 0."*" hello" ]]
}

# Programs are built with what they would be built with anyway: no paths but the prefix.
find_package_gives() {
  local language=$1 library=$2 tree=$scratch/$1-$2
  local settings=(-G Ninja -DCONSUMER_LANGUAGE="$language" -DCONSUMER_LIBRARY="Weir::$library")
  if [[ $toolchain != - ]]; then
    settings+=(-DCMAKE_TOOLCHAIN_FILE="$toolchain")
  elif [[ $language == C ]]; then
    settings+=(-DCMAKE_C_COMPILER="$c_compiler")
  else
    settings+=(-DCMAKE_CXX_COMPILER="$cxx_compiler")
  fi
  cmake -S "$folder/consumer" -B "$tree" -DCMAKE_PREFIX_PATH="$prefix" "${settings[@]}" >"$tree.log" || {
    cat "$tree.log"
    return 1
  }
  cmake --build "$tree" >>"$tree.log" || {
    cat "$tree.log"
    return 1
  }
  expect_consumed "$tree/consumer"
}

pkg_config_gives() {
  local language=$1 library=$2 program=$scratch/pkg-config-$1-$2 compile=() flags kind=()
  if [[ $language == C ]]; then compile=("$c_compiler" -std=c11 -x c); else compile=("$cxx_compiler" -std=c++17 -x c++); fi
  if [[ $library == weir_static ]]; then kind=(--static); fi
  read -ra flags <<<"$(pkg-config "${kind[@]}" --cflags weir)"
  "${compile[@]}" "${flags[@]}" -c "$folder/consumer/consumer.c" -o "$program.o"
  read -ra flags <<<"$(pkg-config "${kind[@]}" --libs weir)"
  # A static program, so that the linker takes the static one of the two libraries.
  "${compile[0]}" "${kind[@]/--static/-static}" "$program.o" "${flags[@]}" -o "$program"
  expect_consumed "$program"
}

pkg_config_file_is_valid() { pkg-config --validate weir; }

run_case install_and_move
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name weir.pc)")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
DYLD_LIBRARY_PATH=$LD_LIBRARY_PATH
WINEPATH="Z:${prefix//\//\\}\\bin"
PATH=$prefix/bin:$PATH
run_case pkg_config_file_is_valid
for language in C CXX; do
  for library in weir weir_static; do
    run_case find_package_gives $language $library
    # A Mac has no static programs, and so no way to say this with -l.
    if [[ $library == weir_static && $(uname) == Darwin ]]; then continue; fi
    run_case pkg_config_gives $language $library
  done
done
end_cases
