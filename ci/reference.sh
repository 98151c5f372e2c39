#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes the reference of the public headers with Doxygen, in build/reference/html. Any warning is a failure: a header
# that says less than it should does not pass.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ $(uname) == Linux ]]; then ci/packages.sh checks; fi
mkdir -p build/reference
doxygen docs/Doxyfile
