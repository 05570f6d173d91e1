# Wirkraum: one word per task. A fresh machine needs only Python 3.11 and make.
# macOS ships GNU make 3.81, which ignores .SHELLFLAGS: every recipe line also stops on its own.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
STAMP := $(VENV)/.stamp
BIN := $(VENV)/bin
UV := $(BIN)/uv

DEMO := examples/musterstadt
DEMO_DELIVERIES := $(BIN)/python -m examples.musterstadt.generate

# In the order of the folders: the long runs of whole cities first, so that no worker waits for them.
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder
LOCK_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=

# A run imports a thousand modules; compiled once, it starts in half the time.
export PYTHONDONTWRITEBYTECODE :=

# The first of these that really is Python 3.11; `make PYTHON=/path/to/python3.11` overrides.
PYTHON ?= $(shell for candidate in python3.11 python3 python; do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; \
	then command -v "$$candidate"; break; fi; done)

.PHONY: help install demo ui test lint test-site site bench fuzz faults lock clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

install: $(STAMP)  ## create .venv with exactly the locked versions

demo: $(STAMP)  ## run the invented city Musterstadt from deliveries to the published warehouse
	@$(DEMO_DELIVERIES)
	@$(BIN)/wirkraum run $(DEMO)

ui: $(STAMP)  ## open the graph of Musterstadt in the browser (Dagster, this machine only)
	@$(BIN)/wirkraum ui $(DEMO)

test: lint  ## check code and SQL, then run all tests
	@$(BIN)/pytest $(PYTEST_ARGS)

lint: $(STAMP)  ## check code and SQL without running the tests
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint dbt_project/models examples/musterstadt/models analysis

test-site:  ## (not there yet) build the site and try it in a browser
	@echo "make test-site: not there yet. It will build the site of Musterstadt and try it in a browser." >&2; exit 1

site:  ## (not there yet) build the site that shows a release
	@echo "make site: not there yet. It will build the site that shows the latest release of Musterstadt." >&2; exit 1

bench: $(STAMP)  ## compare speed and errors with peers; each prints a table and a verdict
	@for name in accuracy checks counts crosswalk effects forecast ingest nowcast warehouse; do $(BIN)/python -m bench.$$name $(BENCH_ARGS); done

fuzz: $(STAMP)  ## feed 5,000 broken deliveries and count what came of them (FUZZ_ARGS="--count 300")
	@$(BIN)/python -m fuzz.ingest $(FUZZ_ARGS)

faults:  ## (not there yet) kill runs midway and look whether the published state is whole
	@echo "make faults: not there yet. It will kill runs midway and check that the published state stays whole." >&2; exit 1

lock: | $(UV)  ## write requirements.lock anew from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	@$(UV) pip compile pyproject.toml --quiet --group dev --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS) -o requirements.lock

clean:  ## remove .venv, caches and what can be computed again; store/ is never touched
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist examples/*/var \
		dbt_project/target dbt_project/logs
	@find . -name __pycache__ -type d -not -path './.git/*' -not -path '*/store/*' -prune -exec rm -rf {} +

# uv itself comes from the lock, with its hashes.
$(UV):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
		echo "Wirkraum needs Python 3.11, which is not here. Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
	@awk '/^[^ #]/ {keep = /^uv==/} keep' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock

$(STAMP): requirements.lock pyproject.toml | $(UV)
	@echo "Installing the locked versions into $(VENV) ..."
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)
