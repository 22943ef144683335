# Everything a developer does, by name. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
PROFILE ?= release
export PYTHON
# What runs from the Makefile runs from this clone, whatever else is installed.
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH VIRTUAL_ENV

.PHONY: help
help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): scripts/requirements-dev.txt
	@scripts/check-tools
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements-dev.txt
	@touch $@

.PHONY: venv
venv: $(STAMP) ## make .venv with the pinned tools

.PHONY: build
build: $(STAMP) ## build the engine and install the package into .venv, editable
	@PIP_QUIET=1 maturin develop --profile $(PROFILE) --locked --quiet

.PHONY: demo
demo: build ## four real nodes, the proxy in front, a live table for 20 seconds
	@evenly demo

.PHONY: test
test: ## install what is missing, build, run every lint, test and example (half an hour, 40 minutes the first time)
	@scripts/install-test-packages
	@$(MAKE) build
	@scripts/test

.PHONY: check
check: build ## the fast inner loop: format, lint, types, floors, unit tests
	@scripts/test --fast

.PHONY: fmt
fmt: $(STAMP) ## format Rust and Python in place
	@cargo fmt --all
	@ruff format --quiet .
	@ruff check --quiet --fix .

.PHONY: docs
docs: build ## write the generated pages of docs/ anew
	@python scripts/pages.py

.PHONY: bench
bench: build ## print the benchmark tables and write benchmarks/results/*.json
	@scripts/install-test-packages
	@scripts/bench

.PHONY: evidence
evidence: build ## play the simulator against theory at length and write docs/evidence.md (3 minutes)
	@python -m scripts.evidence

.PHONY: proofs
proofs: build ## check the proofs with Coq and print the table: theorem, statement, lemma, law, engine file
	@scripts/install-test-packages
	@evenly theorems --proofs

.PHONY: soak
soak: build ## mixed traffic for ten minutes while everything around it changes; the books must balance
	@python -m scripts.soak

.PHONY: examples
examples: build ## run every example; each fails unless its claim held
	@scripts/run-examples

.PHONY: lock
lock: ## pin the test tools anew (scripts/requirements-dev.txt)
	@scripts/lock-requirements

.PHONY: clean
clean: ## remove what was built: target/, .venv, caches
	@rm -rf target .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find python -name '*.so' -delete
	@find . -name __pycache__ -prune -exec rm -rf {} +
