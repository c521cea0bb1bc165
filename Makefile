# Arriero's commands. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
export PIP_NO_INPUT := 1

# Debian packages that the tests need: bubblewrap runs generated code, g++, golang-go and rustc build what of it is C, C++, Go or
# Rust, php and ruby read theirs, chromium opens the pages, prometheus brings promtool. Postgres and Valkey come as wheels.
DEBIAN_FOR_TESTS := bubblewrap chromium g++ golang-go php-cli php-mbstring prometheus ruby rustc

# Public benchmark files, when they lie beside this folder; tests that need them say so when they do not.
ifeq ($(ARRIERO_DATA),)
ifneq ($(wildcard ../shared/data),)
ARRIERO_DATA := $(abspath ../shared/data)
endif
endif
export ARRIERO_DATA

# CI runs everything, and a missing service, model or data folder is a failure there, never a skip.
ifeq ($(CI),true)
export REQUIRE_SERVICES ?= 1
export REQUIRE_MODELS ?= 1
export REQUIRE_TRAINER ?= 1
export REQUIRE_DATA ?= $(if $(ARRIERO_DATA),1,)
endif

# A worker process a core, four at most: each grows to half a gigabyte. `make test WORKERS=0` runs all in one
# process, as a bare `pytest` does. Each worker begins with half of the tests and takes over from the other's end,
# so nearly every file, and what its tests share, stays with one worker. The slow tests run after them, alone: their
# models and trainers use all cores.
WORKERS ?= logical
BESIDE := -n $(WORKERS) --maxprocesses 4 --dist worksteal

# Containers often forbid to keep bytecode; then each of the hundreds of commands that the tests start compiles all anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest

# The first Python >= 3.11 on the PATH; 3.11 is the one that the project is tested with.
FIND_PYTHON = for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
	python=; done; \
	if [ -z "$$python" ]; then \
	echo "Arriero needs Python 3.11 or newer; on Debian run: apt-get install python3 python3-venv" >&2; \
	exit 1; fi

.PHONY: help up ask test check bars wheel smoke constraints clean debian-packages models

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: $(VENV)/.local models ## install what is missing, pull the default models, start; Ctrl-C ends everything
	@exec $(BIN)/arriero up

ask: export QUESTION := $(value Q)
ask: $(VENV)/.local ## ask the support app: make ask Q="Where is my order 10234?"
	@if [ -z "$$QUESTION" ]; then echo 'say what to ask: make ask Q="Where is my order 10234?"' >&2; exit 2; fi
	@exec $(BIN)/arriero ask "$$QUESTION"

test: debian-packages $(VENV)/.tests ## run the tests (CI=true: the slow ones and the wheel as well)
ifeq ($(CI),true)
	@echo "installing torch, for the tests of tuning"
	@$(PIP) install --quiet -e '.[train]' -c constraints.txt
	@$(MAKE) models
	@$(BIN)/arriero trainer install
ifeq ($(ARRIERO_DATA),)
	@echo "no folder with public data (ARRIERO_DATA): the tests that need it are skipped"
endif
endif
ifneq ($(CI),true)
	$(PYTEST) -m "not slow" $(BESIDE)
else
	@failed=; $(PYTEST) -m "not slow" $(BESIDE) || failed=1; \
	$(PYTEST) -m slow || failed=1; test -z "$$failed"
	@$(MAKE) smoke
endif

check: $(VENV)/.tests ## format, lint, types, arrows between the rooms
	@failed=; for step in 'ruff format --check .' 'ruff check .' 'mypy' 'lint-imports --no-logo'; do \
	echo "== $$step"; $(BIN)/$$step || failed="$$failed, $${step%% *}"; done; \
	if [ -n "$$failed" ]; then echo "failed: $${failed#, }" >&2; exit 1; fi

bars: $(VENV)/.tests models ## measure every number that we claim (hours)
	$(BIN)/python -m bars

wheel: $(VENV)/.tests ## build dist/arriero-*.whl
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist/*.whl

smoke: wheel ## install the wheel in a new environment, away from src/, and run the smoke tests on it
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	cp -r tests/smoke constraints.txt "$$folder"; wheel=$$(ls '$(CURDIR)'/dist/*.whl); \
	$(BIN)/python -m venv "$$folder/venv"; cd "$$folder"; \
	venv/bin/python -m pip install --quiet --upgrade pip -c constraints.txt; \
	for extra in '' '[local]'; do \
	echo "smoke tests on the wheel, installed as arriero$$extra in a new environment"; \
	venv/bin/python -m pip install --quiet "$$wheel$$extra" pytest -c constraints.txt; \
	ARRIERO_SMOKE_WHEEL=1 venv/bin/python -m pytest -q -p no:cacheprovider -c /dev/null --rootdir . smoke; \
	done

constraints: $(VENV)/.local ## resolve all extras anew and write constraints.txt
	@$(PIP) install --quiet --dry-run --ignore-installed --report $(VENV)/report.json '.[local,test,dev]' pip
	@$(BIN)/python -c "$$PINS" $(VENV)/report.json constraints.txt

clean: ## remove everything that the commands made here, the data folder apart
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bars -name __pycache__ -type d -prune -exec rm -rf {} +

models: $(VENV)/.local
	@$(BIN)/arriero models pull

# An environment is left alone while its stamp is newer than what it was made from: no pip, no network.
$(VENV)/.made:
	@$(FIND_PYTHON); \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
	$(call debian,python3-venv,making a virtual environment needs); fi; \
	echo "making $(VENV) with $$($$python --version)"; $$python -m venv $(VENV)
	@$(PIP) install --quiet --upgrade pip -c constraints.txt
	@touch $@

$(VENV)/.local: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing arriero and the parts that run models and code here (250 MB, about a minute)"
	@set -o pipefail; $(PIP) install -e '.[local,codegen,finance]' -c constraints.txt | $(PROGRESS)
	@touch $@

$(VENV)/.tests: $(VENV)/.local
	@echo "installing what the tests and checks need"
	@set -o pipefail; $(PIP) install -e '.[local,test,dev]' -c constraints.txt | $(PROGRESS)
	@touch $@

debian-packages:
	@missing=; for package in $(DEBIAN_FOR_TESTS); do \
	dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then $(call debian,$$missing,the tests need); fi

# Shell: one line that changes instead of pip's wall of text; errors come through on stderr.
define PROGRESS
while read -r word what rest; do case $$word in \
	Downloading) if [ -t 1 ]; then printf '\r\033[K  fetching %s %s' "$${what%%-*}" "$$rest"; fi ;; \
	Installing) if [ -t 1 ]; then printf '\r\033[K'; fi; if [ "$$what" = collected ]; then echo "  unpacking"; fi ;; \
	esac; done
endef

# Shell: installs Debian packages when root, otherwise says which line to run.
define debian
if [ "$$(id -u)" = 0 ] && [ "$(MAKECMDGOALS)" != up ]; then \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
	else echo "$(2) a Debian package; run as root: apt-get install $(1)" >&2; exit 1; fi
endef

# Python: the resolver's report as sorted pins, with the note on top and the line of the extra train kept.
define PINS
import json, pathlib, re, sys
report, target = map(pathlib.Path, sys.argv[1:])
old = target.read_text().splitlines()
found = [item["metadata"] for item in json.loads(report.read_text())["install"]]
pins = {re.sub(r"[-_.]+", "-", m["name"]).lower() + "==" + m["version"] for m in found}
pins = {pin for pin in pins if not pin.startswith("arriero==")}
pins |= {line for line in old if line.startswith("torch==")}
notes = [line for line in old if line.startswith("#")]
target.write_text("\n".join([*notes, *sorted(pins)]) + "\n")
endef
export PINS
