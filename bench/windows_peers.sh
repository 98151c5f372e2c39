#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds libuv for MinGW, of which Debian has no package, from Debian's source package. The machine's own apt sources are
# read as source entries in a private folder, so that /etc stays as it is.
#
# usage: bench/windows_peers.sh FOLDER      makes FOLDER/include and FOLDER/lib, if they are not there
set -euo pipefail

folder=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -e $folder/lib/libuv.a ]]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/apt/{lists/partial,cache/archives/partial,etc} "$scratch/source" "$folder"
folder=$(cd "$folder" && pwd)
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [[ -e $file ]]; then sed -E 's/^deb /deb-src /' "$file" >"$scratch/apt/etc/$(basename "$file" .list).list"; fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [[ -e $file ]]; then sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$scratch/apt/etc/$(basename "$file")"; fi
done

cd "$scratch"
options=(-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/apt/etc"
  -o Dir::State::Lists="$scratch/apt/lists" -o Dir::Cache="$scratch/apt/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only source libuv1
tar -xf libuv1_*.orig.tar.?z -C source --strip-components=1

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
