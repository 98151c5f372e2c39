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
if [[ $(uname) == Linux ]]; then ci/packages.sh build clang fuzzers; fi
sanitizers=address,undefined
cmake -S . -B build/fuzz/library -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_C_FLAGS="-O1 -g" \
  -DWEIR_SANITIZERS="fuzzer-no-link,$sanitizers" -DWEIR_BUILD_TESTS=OFF -DWEIR_BUILD_SAMPLES=OFF -DWEIR_BUILD_BENCH=OFF
cmake --build build/fuzz/library --target weir_static
for source in tests/fuzz/*_fuzz.c; do
  name=$(basename "$source" .c)
  mkdir -p "build/fuzz/$name"
  clang-14 -std=c11 -O1 -g -fsanitize="fuzzer,$sanitizers" -fno-sanitize-recover=all -Iinclude -Isrc -Itests \
    "$source" -DWEIR_STATIC build/fuzz/library/libweir.a -o "build/fuzz/$name.run"
  "build/fuzz/$name.run" -max_total_time="$seconds" -artifact_prefix="build/fuzz/$name-" "build/fuzz/$name" 2>&1 | tail -n 3
done
