#!/usr/bin/env bash
# All that needs a GPU, in under ten minutes: the tests marked for one, then `gpu.py`, whose table
# goes into docs/benchmarks.md. PYTHON names an interpreter with PyTorch for the GPU and what
# pyproject.toml asks for; CONVSCOPE_DATA the folder with Fashion-MNIST and CIFAR-10.
#
#     benchmarks/gpu.sh --json gpu.json
#     benchmarks/gpu.sh --device cpu --quick      # try the script itself where there is no GPU
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python3
  if [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; fi
fi
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
if ! "$PYTHON" -c "import torch, pytest, convscope.cli.main"; then
  echo "$PYTHON lacks something of pyproject.toml; name another interpreter: PYTHON=… $0" >&2
  exit 2
fi
# A failed test is told and doesn't keep the figures back; the last word is the exit code.
failed=0
"$PYTHON" -m pytest -q -rs -p no:cacheprovider -m gpu tests || failed=$?
"$PYTHON" benchmarks/gpu.py "$@"
exit "$failed"
