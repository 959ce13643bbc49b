#!/usr/bin/env bash
# Builds the client and runs all its tests, from a clean checkout.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
    echo "skipped: Java needs a JDK (17 or later) and Maven"
    exit 0
fi
mvn -B -ntp verify
