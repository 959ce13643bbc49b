#!/usr/bin/env bash
# Installs the library, and compiles the code of README.md in a project of its own that finds it there.
# Arguments: the build folder, and ONNXRUNTIME_ROOT or nothing.
set -euo pipefail
build=$1
work=$build/readme
rm -rf "$work"
mkdir "$work"
cmake --install "$build" --prefix "$work/installed" > "$work/log"
awk '/^```cpp$/ { code = 1; next } /^```$/ { code = 0 } code' "$(dirname "$0")/../README.md" > "$work/main.cpp"
[ -s "$work/main.cpp" ]
cat > "$work/CMakeLists.txt" << 'PROJECT'
cmake_minimum_required(VERSION 3.21)
project(app LANGUAGES CXX)
find_package(adain REQUIRED)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE adain::adain)
PROJECT
cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/installed" -DONNXRUNTIME_ROOT="$2" >> "$work/log"
cmake --build "$work/build"
