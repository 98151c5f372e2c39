#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Unpacks members of an npm package into FOLDER, once. Nothing of the package is run.
#
# usage: ci/npm_package.sh NAME@VERSION FOLDER MEMBER...
set -euo pipefail

name=$1 folder=$2
shift 2
stamp=$folder/.${name//\//_}
if [[ -e $stamp ]]; then exit 0; fi

"$(dirname "$0")/packages.sh" npm
mkdir -p "$folder"
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
for attempt in 1 2 3; do
  if npm pack --loglevel error --fetch-retries 0 --pack-destination "$download" "$name" >/dev/null; then break; fi
  if ((attempt == 3)); then
    echo "npm_package.sh: no $name from the npm registry" >&2
    exit 1
  fi
  sleep $((attempt * 5))
done
tar -xzf "$download"/*.tgz -C "$folder" --strip-components=1 "$@"
touch "$stamp"
