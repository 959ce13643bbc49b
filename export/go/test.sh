#!/usr/bin/env bash
# Builds and tests the Go client from a clean checkout. The shared library of onnxruntime is the one in
# ORT_DYLIB_PATH, or else that of the Python package, fetched into .onnxruntime.
set -euo pipefail
cd "$(dirname "$0")"

needs() {
  command -v "$1" >/dev/null || { echo "skipped: Go needs $1"; exit 0; }
}
needs go
needs "$(go env CC)"

if [ -z "${ORT_DYLIB_PATH:-}" ]; then
  needs python3
  if [ ! -d .onnxruntime/onnxruntime ]; then
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest .onnxruntime "onnxruntime>=1.24"
    python3 -m zipfile -e .onnxruntime/onnxruntime-*.whl .onnxruntime
    rm .onnxruntime/onnxruntime-*.whl
  fi
  for library in "$PWD"/.onnxruntime/onnxruntime/capi/libonnxruntime.*; do
    export ORT_DYLIB_PATH=$library
  done
fi

unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "run gofmt on: $unformatted"; exit 1; }
CGO_ENABLED=1 go vet -p 1 ./...
CGO_ENABLED=1 go test -p 1 -count 1 ./...
