#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Unpacks one of Debian's source packages, as its authors published it. The machine's own apt sources are read as source
# entries in a private folder, so that /etc stays as it is.
#
# usage: ci/source_package.sh PACKAGE FOLDER
set -euo pipefail

package=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/apt/{lists/partial,cache/archives/partial,etc}
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
apt-get "${options[@]}" --download-only source "$package"
tar -xf "$package"_*.orig.tar.?z -C "$folder" --strip-components=1
