#!/usr/bin/env bash
# Build and run all tests, from a clean checkout. ONNXRUNTIME_ROOT in the environment: an onnxruntime release to
# build with, in place of what get-onnxruntime.sh fetches.
set -euo pipefail
cd "$(dirname "$0")"

skip() {
  echo "skipped: cpp needs $1"
  exit 0
}
for tool in cmake c++ pkg-config; do
  command -v "$tool" > /dev/null || skip "$tool"
done
missing=
while read -r library package; do
  pkg-config --exists "$library" || missing+=" $package"
done << 'LIBRARIES'
libturbojpeg libturbojpeg0-dev
libpng libpng-dev
libexif libexif-dev
lcms2 liblcms2-dev
nlohmann_json nlohmann-json3-dev
libcrypto libssl-dev
gtest libgtest-dev
LIBRARIES
[ -z "$missing" ] || skip "these Debian packages:$missing"
if [ -z "${ONNXRUNTIME_ROOT:-}" ]; then
  command -v apt-get > /dev/null && python3 -m pip --version > /dev/null 2>&1 ||
    skip "ONNXRUNTIME_ROOT, the folder of an onnxruntime release (or Debian and pip, to fetch one)"
  ./get-onnxruntime.sh
fi

cmake -S . -B build -DONNXRUNTIME_ROOT="${ONNXRUNTIME_ROOT:-$PWD/.onnxruntime}" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cmake --build build
ctest --test-dir build --output-on-failure
