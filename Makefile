# Every target runs from .venv. The first target that needs it creates it from the locked requirements, and installs
# again when a lock changes. Needs: Python 3.11 or newer, git, make.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# Modules are compiled once, and not again by each of the many processes that tests and demo start.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check

# Processes for the system tests. These mostly wait, so there are more than cores.
WORKERS ?= 6
# Further arguments for pytest: make test ARGS="-k lease -x"
ARGS ?=
# Newer versions of all packages: make lock UPGRADE=--upgrade
UPGRADE ?=

PYTEST := $(PY) -m pytest
# Tests that start no process of the bot.
IN_PROCESS := tests/unit $(wildcard tests/scenarios) tests/contract

# What a change of the bot breaks first: no databases, not the tests of the simulators, few random examples.
QUICK := tests/unit tests/scenarios --ignore tests/unit/simulator

.PHONY: help demo test quick check run live soak bench lint format lock docs tour clean missing

help:
	@echo "make demo    the whole main job, against local simulators of Slack and Agora"
	@echo "make quick   formatter, linter, unit and scenario tests of the bot: the inner loop"
	@echo "make test    every test"
	@echo "make check   whether settings, Slack, Agora and the bucket are right, and what to do about it"
	@echo "make run     the bot, with the settings of the environment or .env"
	@echo "make live    the main job against the real Slack and Agora, with the accounts in .env"
	@echo "make soak    long fault runs          make bench   measurements"
	@echo "make lint    formatter, linter, types, import rules          make format   apply the formatter and the linter's fixes"
	@echo "make lock    requirements*.txt from pyproject.toml           make clean    remove what make created"
	@echo "make docs    what is generated from the program: docs/settings.md, docs/cards.md, manifest.http.yml and its link"
	@echo "make tour    docs/tour.md: the transcript of make demo"

# The packages for development include those of the demo.
demo: $(if $(wildcard $(VENV)/dev),$(VENV)/dev,$(VENV)/demo)
	@$(PY) demo.py

quick: $(VENV)/dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PYTEST) $(QUICK) -m "not postgresql and not soak and not bench" --hypothesis-profile quick -n 2 $(ARGS)

# Two runs, since the first needs the processor and the second waits: each has as many processes as it can use. Exit
# code 5 of pytest means that ARGS selects no test of a run; it counts only if the other run has none either.
test: $(VENV)/dev
	@$(PYTEST) $(IN_PROCESS) -n 2 --dist loadgroup $(ARGS); first=$$?; \
	case $$first in 0 | 5) ;; *) exit $$first ;; esac; \
	$(PYTEST) tests/system -n $(WORKERS) --dist loadgroup $(ARGS); second=$$?; \
	[ $$second != 5 ] || exit $$first; exit $$second

check: $(VENV)/run
	@exec $(PY) bot.py check $(ARGS)

run: $(VENV)/run
	@exec $(PY) bot.py

live: $(VENV)/dev
	@$(PY) -m tests.live

soak bench: $(VENV)/dev
	$(PYTEST) -m $@ --timeout 3600 $(ARGS)

lint: $(VENV)/dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo

format: $(VENV)/dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: $(VENV)/lock/bin/uv
	$(call compile,requirements.txt) pyproject.toml
	$(call compile,requirements-demo.txt) --constraints requirements.txt --group demo pyproject.toml
	$(call compile,requirements-dev.txt) --constraints requirements-demo.txt --group dev pyproject.toml

compile = UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/uv pip compile --quiet --no-config --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate $(UPGRADE) \
	--output-file $(1)

# The pages that follow from the program.
docs: $(VENV)/dev
	@for tool in settings manifest cards; do $(PY) -m tools.$$tool || exit 1; done

tour: $(VENV)/dev
	$(PY) -m tools.tour

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The packages of the bot, those of the demo, which include them, and those of the development, which include both. The
# demo needs a small part of its packages: compiling them all would take longer than the demo itself.
$(VENV)/run: requirements.txt $(VENV)/made
	$(PIP) install -qq --require-hashes --requirement $<
	@touch $@

$(VENV)/demo: requirements-demo.txt $(VENV)/made
	@echo "Installing what the demo needs (about 30 s) ..."
	@$(PIP) install -qq --no-compile --require-hashes --requirement $<
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/made
	$(PIP) install -qq --require-hashes --requirement $<
	@touch $@

$(VENV)/lock/bin/uv: $(VENV)/made
	$(PY) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --disable-pip-version-check install -qq uv
	@touch $@

# Created again if its Python is gone. The stamp comes last, so that half an environment does not count.
$(VENV)/made: $(shell test -x $(PY) || echo missing)
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if "$$python" -c "$$NEW_ENOUGH" 2>/dev/null; then \
			echo "$$python -m venv $(VENV)" && "$$python" -m venv --clear $(VENV) && touch $@ && exit 0; exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or newer with its venv module is needed; none of $(PYTHON) python3.13 python3.12 python3.11 python3 is." >&2; \
	echo "Debian: apt-get install python3-venv. Another Python: make PYTHON=/path/to/python" >&2; \
	exit 1

export NEW_ENOUGH = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

missing:
