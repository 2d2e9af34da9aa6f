# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LOOPS  := $(VENV)/.compiled
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo check test test-e2e test-nightly bench bench-sync docs build lock lock-e2e clean

help:  ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# The loops of the simulation take half a minute: once, and not in each process that is first to need them.
$(LOOPS): $(STAMP) $(wildcard src/wattshift/simulate/kernel/*.py)
	-$(BIN)/wattshift simulate ban --paths 1 --days 1 --json > /dev/null
	@touch $@

setup: $(STAMP)  ## make .venv from the hashed lock

demo: $(STAMP)  ## the brief of the example site, from the bundled history
	$(BIN)/wattshift brief --site examples/houston-100mw.toml

check: $(STAMP)  ## lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(LOOPS)  ## all tests that need only Python
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal

test-e2e: $(LOOPS)  ## tests against a real node, Electrum server and database, which it fetches (Debian)
	$(BIN)/pytest tests/e2e

test-nightly: $(LOOPS)  ## all tests, with twenty times the faults
	WATTSHIFT_FAULTS=20 $(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal
	WATTSHIFT_FAULTS=20 $(BIN)/pytest tests/e2e

BENCH := $(BIN)/pytest -o addopts='-q --import-mode=importlib' -o python_files='bench_*.py' -o python_functions='bench_*' \
  -p no:xdist --benchmark-only --benchmark-columns=median,iqr,rounds --benchmark-group-by=group

bench: $(STAMP)  ## benchmarks, each beside a peer
	$(BENCH) benchmarks --ignore=benchmarks/bench_sync.py

bench-sync: $(STAMP)  ## the first sync from a real node, by each of its ways (Debian)
	$(BENCH) benchmarks/bench_sync.py

docs: $(STAMP)  ## the documentation as a web site in site/
	$(BIN)/mkdocs build --strict

build: $(STAMP)  ## the wheel in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

lock:  ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra alerts --extra dask --extra dev --extra docs --extra mcp --extra mqtt --extra node --extra plot --extra postgres --extra serve --universal --generate-hashes --no-header --no-annotate --quiet -o requirements.lock

lock-e2e:  ## renew requirements-e2e.lock (needs uv)
	uv pip compile tests/e2e/requirements.in --universal --generate-hashes --no-header --no-annotate --quiet -o requirements-e2e.lock

clean:  ## remove everything that was made
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks .peers
	find src -name '*.nb[ic]' -delete
