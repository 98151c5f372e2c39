#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the samples and lets them talk, over a local name and over TCP: echo servers and clients, as programs of this
# system and, when Wine and MinGW are there, as Windows programs.
#
# usage: ci/demo.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
scratch=$(mktemp -d)
server=
finish() {
  if [[ $server ]]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap finish EXIT

build_samples() {
  echo "== building the samples: preset $1"
  if ! { cmake --preset "$1" -B "build/demo/$1" -DWEIR_BUILD_TESTS=OFF && cmake --build "build/demo/$1"; } \
    >"$scratch/build.log" 2>&1; then
    cat "$scratch/build.log"
    exit 1
  fi
}

# Waits, 20 s at most, until the server says that it listens.
await_listening() {
  local i
  for ((i = 0; i < 200; i++)); do
    if grep -qE '^(listening|server bound)' "$scratch/server.log"; then return; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$scratch/server.log"
  return 1
}

# Both programs end by themselves and must end well. FOLDER SUFFIX EMULATOR...
talk() {
  local folder=$1 suffix=$2 name=ipc:demo-$$
  shift 2
  echo "\$ ipc_server --once $name &"
  "$@" "$folder/ipc_server$suffix" --once "$name" </dev/null >"$scratch/server.log" 2>&1 &
  server=$!
  await_listening
  echo "\$ ipc_client $name 'hello' 'across processes'"
  if ! "$@" "$folder/ipc_client$suffix" "$name" hello 'across processes' </dev/null >"$scratch/client.log" 2>&1; then
    cat "$scratch/client.log"
    exit 1
  fi
  tr -d '\r' <"$scratch/client.log" | sed 's/^/client: /'
  wait "$server"
  server=
  tr -d '\r' <"$scratch/server.log" | sed 's/^/server: /'
}

# The documentation's pair. Its server goes on for ever, so it is ended here. FOLDER SUFFIX EMULATOR...
greet() {
  local folder=$1 suffix=$2 endpoint=tcp:127.0.0.1:8124
  shift 2
  echo "\$ echo_server $endpoint &"
  "$@" "$folder/echo_server$suffix" $endpoint </dev/null >"$scratch/server.log" 2>&1 &
  server=$!
  await_listening
  echo "\$ echo_client $endpoint"
  if ! "$@" "$folder/echo_client$suffix" $endpoint </dev/null >"$scratch/client.log" 2>&1; then
    cat "$scratch/client.log"
    exit 1
  fi
  tr -d '\r' <"$scratch/client.log" | sed 's/^/client: /'
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
}

ci/packages.sh build
build_samples posix
talk build/demo/posix/samples ''
greet build/demo/posix/samples ''

if command -v wine >/dev/null && command -v x86_64-w64-mingw32-gcc >/dev/null; then
  echo
  ci/packages.sh windows
  build_samples mingw64
  ci/wine.sh start
  talk build/demo/mingw64/samples .exe ci/wine.sh run
  greet build/demo/mingw64/samples .exe ci/wine.sh run
  ci/wine.sh stop
else
  echo "the same as Windows programs: left out, Wine or MinGW is not here (ci/test.sh installs both)"
fi
