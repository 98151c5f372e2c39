#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds CMocka for MinGW, of which Debian has no package, from Debian's source package.
#
# usage: ci/cmocka.sh FOLDER
set -euo pipefail

folder=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -e $folder/lib/libcmocka.a ]]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder"/{include,lib}
folder=$(cd "$folder" && pwd)
"$root/ci/source_package.sh" cmocka "$scratch/source"

cd "$scratch"
# The single source file needs no configuration.
x86_64-w64-mingw32-gcc -O2 -g -Isource/include -c source/src/cmocka.c -o cmocka.o
cp source/include/cmocka.h "$folder/include/"
x86_64-w64-mingw32-ar rcs "$folder/lib/libcmocka.a" cmocka.o
