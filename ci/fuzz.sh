#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Lets every fuzzer of tests/fuzz look for new inputs, under AddressSanitizer and UndefinedBehaviorSanitizer. What it
# finds stays in build/fuzz.
#
# usage: ci/fuzz.sh [SECONDS]      for each fuzzer; 10 unless said otherwise
set -euo pipefail

seconds=${1:-10}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ $(uname) == Linux ]]; then ci/packages.sh clang fuzzers; fi
mkdir -p build/fuzz
for source in tests/fuzz/*_fuzz.c; do
  name=$(basename "$source" .c)
  mkdir -p "build/fuzz/$name"
  clang-14 -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude -Isrc -Itests \
    "$source" src/common/address/{address,block_list,host_port,ip,ip_address,pipe_name}.c \
    src/common/base/{error,memory,text}.c src/common/encoding/{decoder,encoder,encoding,utf8}.c -DWEIR_STATIC \
    -o "build/fuzz/$name.run"
  "build/fuzz/$name.run" -max_total_time="$seconds" -artifact_prefix="build/fuzz/$name-" "build/fuzz/$name" 2>&1 | tail -n 3
done
