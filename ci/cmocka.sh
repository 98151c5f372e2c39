#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds CMocka for MinGW, of which Debian has no package, from Debian's source package. The machine's own apt sources are
# read as source entries in a private folder, so that /etc stays as it is.
#
# usage: ci/cmocka.sh FOLDER
set -euo pipefail

folder=$1
if [[ -e $folder/lib/libcmocka.a ]]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/apt/{lists/partial,cache/archives/partial,etc} "$scratch/source" "$folder"/{include,lib}
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
apt-get "${options[@]}" --download-only source cmocka
tar -xf cmocka_*.orig.tar.?z -C source --strip-components=1

# The single source file needs no configuration.
x86_64-w64-mingw32-gcc -O2 -g -Isource/include -c source/src/cmocka.c -o cmocka.o
cp source/include/cmocka.h "$folder/include/"
x86_64-w64-mingw32-ar rcs "$folder/lib/libcmocka.a" cmocka.o
