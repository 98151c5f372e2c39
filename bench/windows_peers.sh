#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds libuv for MinGW, of which Debian has no package, from Debian's source package.
#
# usage: bench/windows_peers.sh FOLDER      makes FOLDER/include and FOLDER/lib, if they are not there
set -euo pipefail

folder=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -e $folder/lib/libuv.a ]]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
"$root/ci/source_package.sh" libuv1 "$scratch/source"

cd "$scratch"
if ! {
  cmake -S source -B build -DCMAKE_TOOLCHAIN_FILE="$root/cmake/mingw64.cmake" -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_TESTING=OFF -DCMAKE_C_FLAGS=-w
  cmake --build build --target uv_a
} >log 2>&1; then
  cat log >&2
  exit 1
fi

mkdir -p "$folder/lib"
cp -r source/include "$folder/"
cp "$(find build -name 'libuv*.a' -not -name '*.dll.a' | head -1)" "$folder/lib/libuv.a"
