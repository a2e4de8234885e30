# The verbs of the project.  Each sets up .venv first; nothing outside the checkout is touched, but for Debian packages when root.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
PACKAGES := ocpp16 drivers daemon
SEEDS ?= 1000
JOBS ?= 2

.PHONY: deb install package-test help setup check test bench run csms lab stories replay sim walk fuzz disturb reflex conformance certify mutate docs clean
.DEFAULT_GOAL := help

help:
	@echo "make run           a charging session, from the plug to the bill (KEEP=1 stays up to play with)"
	@echo "make csms          a small Central System to play with, at ws://127.0.0.1:9000/ocpp (PORT=n LISTEN=address)"
	@echo "make test          every proof but the benchmark"
	@echo "make check         ruff, mypy --strict, the rules of the house"
	@echo "make bench         the figures, beside a minimal charge point"
	@echo "make sim SEEDS=n   n random worlds (make test SEEDS=n plays as many, in lots of 125)"
	@echo "make walk DEPTH=n  every sequence of n events from the middle of each story (6 takes half an hour)"
	@echo "make fuzz          hostile input, a million executions (EXECUTIONS=n, or as long as SECONDS=n says)"
	@echo "make disturb       a million disturbed exchanges a family of drivers (EXCHANGES=n FAMILY=meters)"
	@echo "make reflex        every state that the reflex reaches in EVENTS=n, and STEPS=n random ones, against its invariants"
	@echo "make lab           the real programs on a virtual machine with a board's devices (LAB=folder of 2 GB, SHARE=0.1; root)"
	@echo "make stories       writes the transcripts of tests/stories anew, for review"
	@echo "make replay FILE=f plays a flight-recorder file and prints the story"
	@echo "make conformance   the 107 conformance cases by id (ONLY='TC_0[0-4]*' PRODUCT=socket-3p)"
	@echo "make certify       the pre-test report of a product, as a page and as JSON (PRODUCT=, OUT=folder, VENDOR=, MODEL=, SERIAL=)"
	@echo "make mutate        faults planted in the reflex, one by one; each must turn a test red (SAMPLE=n plays some)"
	@echo "make deb           the Debian package, in dist/ (Debian 13, Raspberry Pi OS trixie)"
	@echo "make install       evsed on this machine, with a virtual environment of its own in /opt/evsed (older systems; as root)"
	@echo "make package-test  the package on a freshly booted Debian 13: session, kills, upgrade, sandbox, purge (as root)"
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
# proved in real time (processes, the referee).  The last mostly waits: it has more workers than there are cores, and the
# second part computes beside it, only where the processor would idle.  docs/design.md says where the time goes.
# COVERAGE=no traces nothing: the lines are the same on every Python, so CI measures them on one.
COVERAGE ?= yes
COVER := $(if $(filter no,$(COVERAGE)),,--cov --cov-report=term:skip-covered --cov-report=json:coverage.json)
IDLE := $(shell chrt --idle 0 true 2>/dev/null && echo chrt --idle 0 || echo nice -n 19)
COMPUTED := $(wildcard tests/sim tests/store tests/fuzz)
REAL_TIME := $(wildcard tests/processes tests/csms tests/conformance tests/test_readme.py)
SKIPS := $(CURDIR)/.skips
test: export PYTEST_SKIPS_FILE := $(SKIPS)
test: export WORLDS := $(SEEDS)
test: setup
	@rm -f $(SKIPS)
	$(PYTEST) -n $(JOBS) $(COVER) $(COMPUTED:%=--ignore=%) $(REAL_TIME:%=--ignore=%) --ignore=tests/bench --ignore=tests/package
	$(if $(COVER),$(PY) -m tests.coverage_gate coverage.json)
	@echo "What computes long runs where the processor idles: $(IDLE) $(PYTEST) -n $(JOBS) $(COMPUTED)"
	@$(IDLE) $(PYTEST) -n $(JOBS) --dist load --maxschedchunk 1 --timeout 1800 --durations=5 $(COMPUTED) > .computed 2>&1 & \
	    computed=$$!; trap "kill $$computed" INT TERM HUP; \
	    echo "What waits in real time: $(PYTEST) -n 8 $(REAL_TIME)"; \
	    $(PYTEST) -n 8 --dist load --maxschedchunk 1 --timeout 600 --durations=5 $(REAL_TIME); waited=$$?; \
	    echo "The report of what computes long:"; tail -n +1 --follow --pid $$computed .computed; \
	    wait $$computed; exit $$(( $$? | waited ))
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

EXECUTIONS ?= 1000000
fuzz: setup
	$(PY) -m tests.fuzz --executions $(EXECUTIONS) $(if $(SECONDS),--seconds $(SECONDS))

EXCHANGES ?= 1000000
disturb: setup
	$(PY) -m tests.drivers.disturbed $(FAMILY) --exchanges $(EXCHANGES)

EVENTS ?= 2
STEPS ?= 1000000
reflex: setup
	$(PY) -m tests.drivers.reflex.reachable $(EVENTS) $(STEPS)

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
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* coverage.json .computed

deb:
	@command -v dh_python3 >/dev/null || { \
	    if [ "$$(id -u)" = 0 ]; then apt-get install -y -qq --no-install-recommends debhelper dh-python dpkg-dev >/dev/null; \
	    else echo "please install the Debian packages debhelper dh-python dpkg-dev, then try again"; exit 1; fi; }
	@mkdir -p dist
	dpkg-buildpackage --unsigned-source --unsigned-changes --build=binary --no-check-builddeps >/dev/null
	@mv ../evsed_*_all.deb dist/ && rm -f ../evsed_*.buildinfo ../evsed_*.changes && ls -l dist/*.deb

HOME_DIR := /opt/evsed
install:
	@[ "$$(id -u)" = 0 ] || { echo "make install writes to $(HOME_DIR), /usr and /etc: sudo make install"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || apt-get install -y -qq python3-venv
	[ -x $(HOME_DIR)/bin/python ] || $(PYTHON) -m venv $(HOME_DIR)
	$(HOME_DIR)/bin/pip install --quiet --disable-pip-version-check $$($(HOME_DIR)/bin/python systemd/dependencies pyproject.toml)
	$(HOME_DIR)/bin/pip install --quiet --disable-pip-version-check $$($(HOME_DIR)/bin/python systemd/dependencies pyproject.toml pi) \
	    || echo "not all libraries of a Raspberry Pi are there: see the README for what builds them"
	systemd/install --libdir $(HOME_DIR)/lib/evsed --python $(HOME_DIR)/bin/python
	systemd-sysusers /usr/lib/sysusers.d/evsed.conf
	chown evsed:evsed /etc/evsed/evsed.env
	systemd-tmpfiles --create /usr/lib/tmpfiles.d/evsed.conf
	[ ! -d /run/systemd/system ] || { systemctl daemon-reload; /usr/libexec/evsed/allow-devices; \
	    systemctl enable --now evsed-job.socket evsed-reboot.path; systemctl enable evsed-safe.service evsed-board.service evsed.service; \
	    systemctl try-restart evsed.service; /usr/libexec/evsed/restart-board; }

package-test: setup
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get install -y -qq --no-install-recommends mmdebstrap systemd-container debhelper dh-python dpkg-dev >/dev/null; fi
	$(PYTEST) -n0 tests/package
