# Every target makes its own environment in .venv the first time; later times are quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := build/peers
# One test process a core, so one thread in each; a file's tests share what they have trained, and
# tests/conftest.py says which files come first. Compiled files are kept, also where the environment
# says otherwise, for the many processes that tests start.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile \
	--no-loadscope-reorder

# Tests run in folders of their own, where a relative path would lead elsewhere.
ifdef CONVSCOPE_DATA
export CONVSCOPE_DATA := $(abspath $(CONVSCOPE_DATA))
endif

.PHONY: help demo test test-slow check format lines docs bench bench-peers trust vendor clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@echo "Setting up the environment in $(VENV) (the first time only, some minutes; how far it is: tail -f $(VENV)/install.log) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]' \
		> $(VENV)/install.log 2>&1 || { cat $(VENV)/install.log; exit 1; }
	@touch $@

demo: $(READY)  ## train and evaluate a network on scikit-learn's digits, in under a minute
	@$(BIN)/convscope train resnet9 digits --out runs/demo --force

test: $(READY)  ## the fast tests (minutes)
	@$(PYTEST)

test-slow: $(READY)  ## the slow tests (training runs, large networks)
	@$(PYTEST) -m slow

check: $(READY)  ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python vendor/check_types.py

format: $(READY)  ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lines: $(READY)  ## files and lines of each room
	@$(BIN)/python -m tests.sources

docs: $(READY)  ## the documentation in both languages, as a site in site/
	@$(BIN)/python docs/build_site.py

bench: $(READY)  ## Convscope beside the loop that courses teach, on this machine
	@$(BIN)/python benchmarks/compare.py

$(PEERS)/.ready: benchmarks/peers/requirements.txt
	@echo "Setting up Keras, TensorFlow and JAX in $(PEERS) (the first time only; how far it is: tail -f $(PEERS)/install.log) ..."
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --disable-pip-version-check -r $< \
		> $(PEERS)/install.log 2>&1 || { cat $(PEERS)/install.log; exit 1; }
	@touch $@

bench-peers: $(READY) $(PEERS)/.ready  ## Convscope beside PyTorch, Keras on TensorFlow and Keras on JAX (an hour; OPTIONS=--quick: minutes)
	@$(BIN)/python benchmarks/peers/compare.py --python $(PEERS)/bin/python $(OPTIONS)

trust: $(READY)  ## docs/trust.md: what is tried against the promises, and what comes of it (half an hour)
	@$(BIN)/python benchmarks/trust.py

vendor:  ## Studio's third-party scripts, from npm (only after a change of vendor/package.json)
	@cd vendor && npm ci --ignore-scripts --no-audit --no-fund
	@$(PYTHON) vendor/vendor.py

clean:  ## remove the environment and caches
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
