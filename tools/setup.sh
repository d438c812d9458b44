#!/usr/bin/env bash
# Make .venv and install the project with one of its extras, at the versions of constraints.txt.
set -euo pipefail
extra=$1
fail() { printf 'setup: %s\n' "$1" >&2; exit 1; }

[ -n "${PYTHON:-}" ] || fail "no Python found: install Python 3.11 or newer, or say make PYTHON=/path/to/python"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$PYTHON is $("$PYTHON" --version 2>&1); the course needs Python 3.11 or newer (make PYTHON=/path/to/python)"

if [ ! -x .venv/bin/pip ]; then
  "$PYTHON" -c 'import ensurepip' 2>/dev/null || "$(dirname "$0")/system-packages.sh" python3-venv
  rm -rf .venv
  "$PYTHON" -m venv .venv || fail "$PYTHON cannot make a virtual environment: install python3-venv"
fi
printf 'setup: installing the %s packages into .venv (some minutes the first time)\n' "$extra"
PIP_CONSTRAINT=constraints.txt .venv/bin/pip install --quiet --editable ".[$extra]" ||
  fail "the installation failed; the reason stands above"
touch ".venv/ready-$extra"
