# The verbs of the project.  Each sets up .venv first; nothing outside the checkout is touched, but for Debian packages when root.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
PACKAGES := ocpp16 drivers daemon
SEEDS ?= 1000
JOBS ?= 2

.PHONY: help setup check test bench run csms lab stories replay sim walk fuzz disturb conformance certify mutate docs clean
.DEFAULT_GOAL := help

help:
	@echo "make run           a charging session, from the plug to the bill (KEEP=1 stays up to play with)"
	@echo "make csms          a small Central System to play with, at ws://127.0.0.1:9000/ocpp (PORT=n LISTEN=address)"
	@echo "make test          every proof but the benchmark"
	@echo "make check         ruff, mypy --strict, the rules of the house"
	@echo "make bench         the figures, beside a minimal charge point"
	@echo "make sim SEEDS=n   n random worlds (make test plays 1000)"
	@echo "make walk DEPTH=n  every sequence of n events from the middle of each story (6 takes half an hour)"
	@echo "make fuzz          hostile input, for as long as SECONDS=n says"
	@echo "make disturb       a million disturbed exchanges a family of drivers (EXCHANGES=n FAMILY=meters)"
	@echo "make lab           the real programs on a virtual machine with a board's devices (LAB=folder of 2 GB, SHARE=0.1; root)"
	@echo "make stories       writes the transcripts of tests/stories anew, for review"
	@echo "make replay FILE=f plays a flight-recorder file and prints the story"
	@echo "make conformance   the 107 conformance cases by id (ONLY='TC_0[0-4]*' PRODUCT=socket-3p)"
	@echo "make certify       the pre-test report of a product, as a page and as JSON (PRODUCT=, OUT=folder, VENDOR=, MODEL=, SERIAL=)"
	@echo "make mutate        faults planted in the reflex, one by one; each must turn a test red (SAMPLE=n plays some)"
	@echo "make docs          writes the generated pages anew: configuration keys, the diagram of docs/design.md"

# An environment that was interrupted, or whose Python is gone, is made anew.
setup:
	@$(PY) -m tests.missing_packages >/dev/null 2>&1 || rm -f $(VENV)/.ready
	@$(MAKE) -s --no-print-directory $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "evsed needs python3 >= 3.11; this is $$($(PYTHON) --version)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        echo "setup: installing the Debian package python3-venv"; \
	        apt-get install -y -qq python3-venv >/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }; \
	    else echo "please install the Debian package python3-venv (sudo apt install python3-venv), then try again"; exit 1; fi; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
	    echo "setup: making the virtual environment $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "setup: pip fetches the libraries of pyproject.toml into $(VENV) (about 40 MB, once; some minutes on a Pi)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[test]' || { \
	    echo "setup: pip could not install everything.  Still missing:"; $(PY) -m tests.missing_packages; \
	    echo "They come from the Python package index, or that of PIP_INDEX_URL; without a network from a folder of wheels:"; \
	    echo "  pip download '.[test]' setuptools --dest wheels   (elsewhere, same Python and processor), then here"; \
	    echo "  PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make setup"; exit 1; }
	@touch $@

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict $(PACKAGES)
	$(PYTEST) tests/test_house.py

# Three parts: what coverage measures; what is proved by computing long (worlds, cuts, crash states, hostile input); what is
# proved in real time (processes, the referee), which mostly waits and so has more workers than there are cores.
COMPUTED := $(wildcard tests/sim tests/store tests/fuzz)
REAL_TIME := $(wildcard tests/processes tests/csms tests/conformance tests/test_readme.py)
SKIPS := $(CURDIR)/.skips
test: export PYTEST_SKIPS_FILE := $(SKIPS)
test: setup
	@rm -f $(SKIPS)
	$(PYTEST) -n $(JOBS) --cov --cov-report=term:skip-covered --cov-report=json:coverage.json \
	    $(COMPUTED:%=--ignore=%) $(REAL_TIME:%=--ignore=%) --ignore=tests/bench
	$(PY) -m tests.coverage_gate coverage.json
	$(PYTEST) -n $(JOBS) --durations=5 $(COMPUTED)
	$(PYTEST) -n 7 --dist worksteal --durations=5 $(REAL_TIME)
	@$(PY) -m tests.skips $(SKIPS)

bench: setup
	$(PY) -m tests.bench

run: setup
	@$(PY) -m tests.run_session $(if $(KEEP),--keep)

PORT ?= 9000
LISTEN ?= 127.0.0.1
csms: setup
	@$(PY) -m tests.csms.play --port $(PORT) --listen $(LISTEN)

LAB ?= $(HOME)/.cache/evsed-lab
SHARE ?= 1
lab: setup
	$(PY) -m tests.lab --work '$(LAB)' --share $(SHARE) $(if $(ONLY),--only '$(ONLY)')

stories: setup
	$(PY) -m tests.stories --write

replay: setup
	@[ -n "$(FILE)" ] || { echo "usage: make replay FILE=flight-recorder-file"; exit 2; }
	@$(PY) -m daemon.recorder.replay $(FILE)

sim: setup
	$(PY) -m tests.sim --seeds $(SEEDS)

DEPTH ?= 6
walk: setup
	$(PY) -m tests.sim.test_walk $(DEPTH)

SECONDS ?= 600
fuzz: setup
	$(PY) -m tests.fuzz --seconds $(SECONDS)

EXCHANGES ?= 1000000
disturb: setup
	$(PY) -m tests.drivers.disturbed $(FAMILY) --exchanges $(EXCHANGES)

# ONLY: ids or patterns.  PRODUCT: by name, else each id on the first product to which it applies.
conformance: setup
	@PYTHONPATH=$(CURDIR) $(PY) -m tests.conformance $(if $(ONLY),--only '$(ONLY)') $(if $(PRODUCT),--product '$(PRODUCT)')

certify: setup
	@PYTHONPATH=$(CURDIR) $(PY) -m tests.conformance.certify $(if $(PRODUCT),--product '$(PRODUCT)') $(if $(OUT),--out '$(OUT)') \
	    $(if $(VENDOR),--vendor '$(VENDOR)') $(if $(MODEL),--model '$(MODEL)') $(if $(SERIAL),--serial '$(SERIAL)')

mutate: setup
	$(PY) -m tests.mutate $(if $(SAMPLE),--sample $(SAMPLE))

docs: setup
	$(PY) -m tests.reference

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* coverage.json
