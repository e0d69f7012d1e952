#!/bin/sh
# Pin every package with the hashes of all its files, for Python 3.11 and 3.12 on any system.
set -eu
cd "$(dirname "$0")/.."
if command -v uv >/dev/null 2>&1; then uv=uv
elif .venv/bin/python -m uv --version >/dev/null 2>&1; then uv=".venv/bin/python -m uv"
else echo 'make lock: install uv first' >&2; exit 1; fi
compile() {
  $uv pip compile -q --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"
}
compile pyproject.toml --extra test -o requirements.lock
compile pyproject.toml --extra bench -c requirements.lock -o requirements-bench.lock
