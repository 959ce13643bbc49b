#!/usr/bin/env bash
# Installs, builds and runs all tests, from a clean checkout.
set -euo pipefail
cd "$(dirname "$0")"

recent='const [major, minor] = process.versions.node.split(".").map(Number)
process.exit(major > 20 || (major === 20 && minor >= 9) ? 0 : 1)'
if ! command -v npm >/dev/null || ! node -e "$recent"; then
  echo "skipped: node needs Node.js 20.9 or later, with npm"
  exit 0
fi

npm ci
npm run build
npm test
