# Everything a new machine needs comes from requirements.lock, into .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint docs bench fuzz fire fire-ci simulate simulate-ci lock wheels fresh package clean

help:  ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The mark comes last, so what was left half made is made anew. Wheels alone: nothing is compiled.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "this Python has no venv: 'apt install python3-venv' (Debian, Ubuntu), or set PYTHON=/path/to/another" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q ccl mesh runtime
	@touch $@

install: $(READY)  ## Create .venv from the lock file.

DEMO_WARD := examples/election/ballots/glasgow_2022_ward3.csv
DEMO_HOME ?= $(CURDIR)/.demo
demo: install  ## Count a real election on a local mesh of three nodes, in DEMO_HOME (.demo).
	@MESH_HOME="$(DEMO_HOME)" $(BIN)/ccl run examples/election/election.ccl --input $(DEMO_WARD) --yes
	@echo; echo "The mesh of this demo: MESH_HOME=$(DEMO_HOME) $(BIN)/meshctl list-jobs"

# Tests start many processes: none needs to compile what another has compiled.
unexport PYTHONDONTWRITEBYTECODE
test: install  ## Run the whole test suite.
	$(BIN)/python -m pytest -n auto

lint: install  ## ruff, mypy --strict, the import rules.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m lint tests/architecture

check: lint test  ## What to run before a commit; CI runs .ci/run.

FUZZ_FACTOR ?= 20
fuzz: export FUZZ_FACTOR := $(FUZZ_FACTOR)
fuzz: install  ## The random tests and simulations, FUZZ_FACTOR times as long as in CI.
	$(BIN)/python -m pytest -n auto tests/property tests/simulation

SIMULATE := PYTHONPATH=tests/support $(BIN)/python -m simulation.campaign
simulate: install  ## Play 10 000 seeds of simulated meshes with faults and liars.
	$(SIMULATE) 0 10000

simulate-ci: install  ## The same with 500 seeds; a failing one is shrunk and drawn.
	$(SIMULATE) 0 500

FIRE := $(BIN)/python -m pytest -q -s -p no:xdist tests/embedded/test_under_fire.py tests/embedded/test_crashes.py
fire: install  ## Kill processes that share a home for ten minutes, and at every commit.
	MESH_FIRE_SECONDS=600 MESH_CRASH_STEP=1 $(FIRE)

fire-ci: install  ## The same with one minute: eight processes, forty kills.
	MESH_FIRE_SECONDS=60 MESH_CRASH_STEP=1 $(FIRE)

bench: install  ## Measure compiler and mesh: repeats, medians.
	$(BIN)/python -m tests.bench

docs: install  ## Generate the pages of docs/ that come from tables.
	$(BIN)/python -m ccl.reference.pages
	$(BIN)/python docs/job_states.py
	$(BIN)/python docs/answer_schemas.py
	$(BIN)/python docs/record_vectors.py
	$(BIN)/python docs/protocol_page.py
	$(BIN)/python docs/readme.py

lock: install  ## Resolve the dependencies again.
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --upgrade --group dev pyproject.toml -o requirements.lock

wheels: install  ## Whether the lock file has wheels for every Python and system that we support.
	$(BIN)/python .ci/wheels.py

fresh:  ## `make demo` in a new clone, with nothing but python3, make, git and the core utilities.
	.ci/fresh

package: install  ## Build wheel and sdist, install the wheel elsewhere and run the demo with it.
	$(BIN)/python .ci/package.py

clean:  ## Remove the environment and the caches.
	rm -rf .venv .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
