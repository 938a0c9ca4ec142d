# Everything works from a bare clone: the first target that needs the environment makes it.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WITH_UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(WITH_UV),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
WORKERS ?= 2

.PHONY: help setup demo test drill check lint types contracts bench screenshots requirements clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Forward Factor needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Forward Factor into $(VENV) (a minute or two the first time) …"
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develops: requirements-dev.txt $(VENV)/.runs
	$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.develops  ## Make .venv with the forward-factor command and all tools in it

demo: $(VENV)/.runs  ## Scan a simulated market, show its signals, serve its page on port 8000
	$(BIN)/forward-factor demo

test: $(VENV)/.develops  ## Run all tests; servers they need are installed and started by them
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

drill: $(VENV)/.develops  ## Move, live on a server and go back; then big moves, killed again and again
	$(BIN)/python -m pytest -n 0 tests/e2e/test_rollback_drill.py
	$(BIN)/python -m pytest -n 0 --drills

check: lint types contracts test  ## What CI runs: lint, types, import contracts, tests

lint: $(VENV)/.develops
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.develops
	$(BIN)/mypy

contracts: $(VENV)/.develops
	$(BIN)/lint-imports

bench: $(VENV)/.develops  ## Measure: engine, decoding, storing, each against a baseline of the same run
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.develops  ## Picture every page in light and dark into docs/screenshots
	$(BIN)/python -m tests.e2e.web.screenshots

requirements: $(VENV)/.develops  ## Resolve the dependencies anew and write the requirements files
	uv lock --upgrade --quiet
	uv export --quiet --no-header --no-emit-project --no-default-groups --group build --format requirements-txt -o requirements.txt
	uv export --quiet --no-header --no-emit-project --format requirements-txt -o requirements-dev.txt

clean:  ## Remove the environment and caches
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
