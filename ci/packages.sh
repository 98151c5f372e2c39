#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs the Debian packages of the named groups, those only that are missing. Needs root or sudo when one is; on a
# system without apt-get it only says what is missing.
#
# A bare chroot has no /proc, which Wine, sanitizers and tests that count descriptors need, and no terminals, in which some
# tests press Ctrl-C: that is put right here too.
#
# usage: ci/packages.sh GROUP...      groups: build tests checks coverage windows npm clang fuzzers macos
#                                          valgrind bench
set -euo pipefail

# Each word is a package, and after the colon a command whose presence is as good.
packages_of() {
  case $1 in
    build) echo ccache:ccache cmake:cmake ninja-build:ninja gcc:gcc g++:g++ libc6-dev:cc pkgconf:pkg-config ;;
    tests) echo libcmocka-dev python3:python3 socat:socat netcat-openbsd curl:curl nodejs:node iproute2:ip strace:strace ;;
    checks) echo clang-format-14:clang-format-14 shellcheck:shellcheck doxygen:doxygen ;;
    coverage) echo gcovr:gcovr ;;
    windows) echo gcc-mingw-w64-x86-64-win32 g++-mingw-w64-x86-64-win32 wine:wine wine64 xz-utils:xz ;;
    npm) echo npm:npm ;;
    clang) echo clang-14:clang-14 ;;
    fuzzers) echo libclang-rt-14-dev ;;
    macos) echo lld-14:ld64.lld-14 llvm-14:llvm-install-name-tool-14 ;;
    valgrind) echo valgrind:valgrind libc6-dbg ;;
    bench) echo libuv1-dev libevent-dev libev-dev libasio-dev liburing-dev nodejs:node python3:python3 strace:strace valgrind:valgrind ;;
    *) echo "packages.sh: no group $1" >&2 && return 1 ;;
  esac
}

is_installed() {
  local package=${1%%:*} command=${1#*:}
  if [[ $command != "$package" || $1 == *:* ]] && command -v "$command" >/dev/null; then return 0; fi
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]]
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

install_missing() { apt install --no-install-recommends -y "${missing[@]}"; }

if [[ ! -e /proc/self && $(uname) == Linux ]]; then as_root mount -t proc proc /proc; fi
if [[ ! -e /dev/pts/ptmx && $(uname) == Linux ]]; then as_root mount -t devpts -o ptmxmode=0666 devpts /dev/pts || true; fi

find_missing() {
  local group word
  missing=()
  for group in "$@"; do
    for word in $(packages_of "$group"); do
      is_installed "$word" || missing+=("${word%%:*}")
    done
  done
}

find_missing "$@"
if ((${#missing[@]} == 0)); then exit 0; fi
# One at a time: another one may install the same.
exec 8>"${TMPDIR:-/tmp}/weir-packages.lock"
flock 8
find_missing "$@"
if ((${#missing[@]} == 0)); then exit 0; fi

echo "installing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "packages.sh: these are missing and there is no apt-get: ${missing[*]}" >&2
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists are fetched only when what is there does not do.
if install_missing >"$log" 2>&1; then exit 0; fi
if ! { apt update && install_missing; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
