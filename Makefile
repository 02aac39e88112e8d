# The two commands of the README: `make demo` and `make test`. Both need Python 3.11 or newer, make and
# a package index, and build their own virtual environment in .venv.

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that is new enough, so that an old `python3` does not stop a machine
# that also has a newer one.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { command -v $$p; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PYTEST_ARGS ?=
DEMO := demo

.PHONY: help demo test check lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    watch the bundled recording, investigate its gravest alert, write both pages to $(DEMO)/"
	@echo "make test    run the tests"
	@echo "make check   all that a change must pass: lint, types, floors, tests"
	@echo "make format  let ruff rewrite the code's layout"
	@echo "make clean   remove what these commands made"

demo: $(VENV)/.installed
	@mkdir -p $(DEMO)
	@$(BIN)/watchfloor watch src/watchfloor/bundled/recording/*.log.zst --rules own \
		--report $(DEMO)/report.html --json $(DEMO)/scenes.jsonl --navigator $(DEMO)/navigator.json
	@echo "Investigating the gravest alert ..."
	@$(BIN)/watchfloor investigate src/watchfloor/bundled/recording/*.log.zst --alerts $(DEMO)/scenes.jsonl --most-cases 1 \
		--report $(DEMO)/investigation.html --json $(DEMO)/investigation.jsonl
	@echo "Open in a browser: the film, and the investigation with its attack graph"
	@echo "$(CURDIR)/$(DEMO)/report.html"
	@echo "$(CURDIR)/$(DEMO)/investigation.html"

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict
	@$(BIN)/lint-imports

check: lint test

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian and Ubuntu ship Python without ensurepip; venv then leaves a half-made folder behind.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Watchfloor needs Python 3.11 or newer: install it, or run make PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install python3-venv (Debian, Ubuntu: sudo apt-get install python3-venv), then run make again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The virtual environment could not be made: see above." >&2; exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing Watchfloor into $(VENV) (first run only) ..."
	@$(PIP) install -e . || { echo "The packages could not be installed: see above. Is a package index reachable?" >&2; exit 1; }
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing Watchfloor and its test tools into $(VENV) (first run only) ..."
	@$(PIP) install -e ".[dev]" || { echo "The packages could not be installed: see above. Is a package index reachable?" >&2; exit 1; }
	@touch $(VENV)/.installed $@
