#!/usr/bin/env bash
# Install, check types, run all tests: in Node, and of the built page in Chromium (CHROMIUM or /usr/bin/chromium).
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v npm >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)'; then
  echo "skipped: web needs node 20 or later, and npm"
  exit 0
fi
browser=yes
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  echo "skipped: the browser tests of web need Chromium (apt-get install chromium, or its path in CHROMIUM)"
  browser=
fi

npm ci --no-audit --no-fund
npm run types
npm run build
npm run test:unit
[ -z "$browser" ] || npm run test:browser
