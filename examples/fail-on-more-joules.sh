#!/usr/bin/env bash
# In continuous integration: fail when a model needs more joules than the committed baseline. Run after `npm run build`.
set -euo pipefail
joulecast() { node "$(dirname "$0")/../dist/cli/main.js" "$@"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

joulecast estimate zoo:cifar/mobilenet-v2 --on jetson-nano --metric roofline --json --quiet --out "$folder/baseline.json" >/dev/null
echo "the same model passes:"
joulecast estimate zoo:cifar/mobilenet-v2 --on jetson-nano --metric roofline --baseline "$folder/baseline.json" --csv
echo "a dearer one fails:"
if joulecast estimate zoo:cifar/resnet18 --on jetson-nano --metric roofline --baseline "$folder/baseline.json" --max-increase 5% --csv; then
  echo "this should have failed" >&2
  exit 1
fi
