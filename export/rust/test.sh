#!/usr/bin/env bash
# Builds and tests the Rust client from a clean checkout. The shared library of onnxruntime is the one in
# ORT_DYLIB_PATH, or else that of the Python package, fetched into .onnxruntime.
set -euo pipefail
cd "$(dirname "$0")"

needs() {
  command -v "$1" >/dev/null || { echo "skipped: Rust needs $1"; exit 0; }
}
needs cargo
needs cc

if [ -z "${ORT_DYLIB_PATH:-}" ]; then
  needs python3
  if [ ! -d .onnxruntime/onnxruntime ]; then
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest .onnxruntime "onnxruntime>=1.20"
    python3 -m zipfile -e .onnxruntime/onnxruntime-*.whl .onnxruntime
    rm .onnxruntime/onnxruntime-*.whl
  fi
  for library in "$PWD"/.onnxruntime/onnxruntime/capi/libonnxruntime.*; do
    export ORT_DYLIB_PATH=$library
  done
fi

cargo fmt --check
cargo clippy --quiet --locked --all-targets -- --deny warnings
cargo test --quiet --locked
