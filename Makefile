# Two commands set everything up: "make demo" and "make test". Both create .venv once, from hashed requirements.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Two workers: the crash and end-to-end tests wait on processes more than they compute.
WORKERS ?= 2
SOAK_MINUTES ?= 30

.DEFAULT_GOAL := help
.PHONY: help demo test slow lint types tests mutations soak fmt bench model fidelity requirements clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 15

demo: $(READY)  ## fail over a simulated Azure, from plan to report
	$(BIN)/failover --plan pooled-eu --simulate pooled-eu --yes

test: lint types tests  ## everything that must hold before a change is kept

lint: $(READY)  ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## static types
	$(BIN)/mypy

tests: $(READY)  ## the tests alone
	$(BIN)/pytest -n $(WORKERS)

mutations: $(READY)  ## take out every guard in turn: does a test notice?
	$(BIN)/python -m tests.mutations

soak: $(READY)  ## play seeds and crashes for SOAK_MINUTES, 30 unless told
	$(BIN)/python -m tests.soak --minutes $(SOAK_MINUTES)

slow: $(READY)  ## the tests that wait for minutes: processes frozen past their lease
	$(BIN)/pytest -m slow

fmt: $(READY)  ## format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure against the goals
	$(BIN)/python -m benchmarks

model: $(READY)  ## visit every state of the largest protocol model, about a minute
	$(BIN)/python -m tests.model

fidelity: $(READY)  ## measure the simulated Azure anew, for docs/fidelity.md
	$(BIN)/python -W ignore -m tests.contract.fidelity

# One set of versions for both files: the runtime pins constrain the development ones.
LOCK := --generate-hashes --strip-extras --allow-unsafe --no-header --annotation-style line \
	--no-emit-index-url --no-emit-find-links --no-emit-options --quiet
requirements:  ## choose the versions anew (needs pip-compile)
	for extra in "" "-dev"; do \
	  { echo "# Exact versions with hashes, for: pip install --require-hashes -r requirements$$extra.txt"; \
	    echo "# Made from pyproject.toml by: make requirements"; \
	    pip-compile $(LOCK) $${extra:+--extra dev --constraint requirements.txt} --output-file - pyproject.toml \
	    | sed 's/# via -c requirements.txt, /# via /'; } > requirements$$extra.new \
	  && mv requirements$$extra.new requirements$$extra.txt || exit 1; \
	done

clean:  ## remove what can be made again
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage dist build demo-state

# The project itself is built by the hatchling of the hashed list, hence no isolation.
$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)
