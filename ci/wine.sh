#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Windows programs under Wine, without a screen, in a private prefix: build/wine, or WEIR_WINE_PREFIX.
#
# usage: ci/wine.sh start            makes the prefix when there is none, and starts its server
#        ci/wine.sh run PROGRAM...   runs a program; the exit code is cut to 8 bits
#        ci/wine.sh console PROGRAM...   runs it with this standard input: from a terminal it hears Ctrl-C
#        ci/wine.sh stop             ends the server and everything that runs in the prefix
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export WINEPREFIX=${WEIR_WINE_PREFIX:-$root/build/wine} WINEDEBUG=-all LC_ALL=C.UTF-8
# No Mono or Gecko, no menus; winedbg would print a dump and can turn a crash into exit code 0.
export WINEDLLOVERRIDES="mscoree,mshtml=;winedbg.exe,winemenubuilder.exe=d"
export NODE_SKIP_PLATFORM_CHECK=1
# The server's socket lives in TMPDIR: with one for each test, each test would start a server, and leave it behind.
export TMPDIR=/tmp
unset DISPLAY WAYLAND_DISPLAY NODE_EXTRA_CA_CERTS

# Who starts the server hands it its output for ever: nothing may wait for that, and the lock must not go with it.
detached() { "$@" </dev/null >/dev/null 2>&1 9>&-; }

is_running() { detached wineserver -k0; }

make_prefix() {
  local debugger='HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug'
  detached timeout 300 wineboot -i
  detached wine winecfg -v win10
  detached wine reg add "$debugger" /v Auto /t REG_SZ /d 0 /f
  detached wine reg add "$debugger" /v Debugger /t REG_SZ /d false /f
  touch "$WINEPREFIX/ready"
}

start() {
  mkdir -p "$WINEPREFIX"
  exec 9>"$WINEPREFIX.lock"
  flock 9
  if ! is_running; then
    detached wineserver -p
    if [[ ! -e $WINEPREFIX/ready ]]; then make_prefix; fi
    detached wine cmd /c exit
  fi
  exec 9>&-
}

case ${1:-} in
  start) start ;;
  run)
    shift
    is_running || start
    exec wine "$@" </dev/null
    ;;
  console)
    shift
    is_running || start
    exec wine "$@"
    ;;
  stop) if is_running; then wineserver -k; fi ;;
  *)
    sed -n 's/^# usage: //p' "$0" >&2
    exit 2
    ;;
esac
