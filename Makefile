# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo check test bench docs build lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP)  ## make .venv from the hashed lock

demo: $(STAMP)  ## the brief of the example site, from the bundled history
	$(BIN)/wattshift brief --site examples/houston-100mw.toml

check: $(STAMP)  ## lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP)  ## all tests that need only Python
	$(BIN)/pytest -n $(PYTEST_WORKERS)

bench: $(STAMP)  ## benchmarks, each beside a peer
	$(BIN)/pytest benchmarks -o addopts='-q --import-mode=importlib' -o python_files='bench_*.py' -o python_functions='bench_*' \
	  -p no:xdist --benchmark-only --benchmark-columns=median,iqr,rounds --benchmark-group-by=group

docs: $(STAMP)  ## the documentation as a web site in site/
	$(BIN)/mkdocs build --strict

build: $(STAMP)  ## the wheel in dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

lock:  ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra dev --extra docs --extra node --extra plot --extra postgres --universal --generate-hashes --no-header --no-annotate --quiet -o requirements.lock

clean:  ## remove everything that was made
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
