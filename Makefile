# 无讼台 (Wusong Desk): everything that people and CI do, one word each. `make` lists the words.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help run test check bench drill soak fmt texts docs lock clean python runtime tools browser

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help:
	echo 'make run     run it here, with a demonstration county (演示数据)'
	echo 'make test    every test: SQLite, PostgreSQL and the browser   ARGS="-k queue" for some'
	echo 'make check   style, types, layers, spelling, dependencies'
	echo 'make bench   a million cases, a hundred viewers, painting: prints the numbers'
	echo 'make drill   kills, power cuts, races, a full disk, on both databases   DRILL_KILLS=200 DRILL_SEED=…'
	echo 'make soak    three walls for an hour at ten times the events   SOAK_MINUTES=60 SOAK_RATE=10'
	echo 'make fmt     put the code into its style'
	echo 'make texts   bring the catalogs up to date with the code'
	echo 'make docs    write the reference (docs/reference) anew from the code'
	echo 'make lock    compile requirements*.txt from pyproject.toml'
	echo 'make clean   remove what make made (the data folder stays)'

run: runtime
	# Migrates, loads the demonstration county and says where it is: all of it is the server's own doing.
	exec $(BIN)/streamlit run app.py

test: tools browser
	# A run that silently lost its browser tests would be green for the wrong reason.
	$(BIN)/python -m pytest --collect-only --quiet -m e2e tests/e2e >/dev/null 2>&1 || {
	  echo 'make test: no browser test could be collected from tests/e2e:' >&2
	  $(BIN)/python -m pytest --collect-only --quiet -m e2e tests/e2e >&2 || true
	  exit 1; }
	export CHROMIUM="$$(cat .venv/chromium)"
	# A file's tests stay together: what they share is made once. Two more than there are processors,
	# because a third of the time is waiting for browsers and servers.
	# In the order in which they are collected, which has the browser tests last (tests/conftest.py).
	exec $(BIN)/python -m pytest --numprocesses="$$(($$(nproc) + 2))" --dist=loadfile \
	  --no-loadscope-reorder $(ARGS)

check: tools
	failed=
	try() { echo "· $$*"; "$$@" || failed=1; }
	try $(BIN)/ruff check --quiet .
	try $(BIN)/ruff format --quiet --check .
	try $(BIN)/mypy --no-error-summary
	try $(BIN)/lint-imports --no-logo
	try $(BIN)/codespell
	try $(BIN)/deptry --no-ansi .
	[ -z "$$failed" ] || { echo 'make check: failed, see above' >&2; exit 1; }

bench: tools browser
	export CHROMIUM="$$(cat .venv/chromium)"
	exec $(BIN)/python -m pytest -m bench --capture=no --timeout=0 -p no:randomly tests/bench $(ARGS)

drill: tools browser
	export CHROMIUM="$$(cat .venv/chromium)"
	exec $(BIN)/python -m pytest -m drill --timeout=0 -p no:randomly tests/drill $(ARGS)

soak: tools browser
	export CHROMIUM="$$(cat .venv/chromium)"
	exec $(BIN)/python -m pytest -m soak --capture=no --timeout=0 -p no:randomly tests/soak $(ARGS)

fmt: tools
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

texts: tools
	# Chinese is the source language: only the English catalog is kept, and read as it is.
	template="$$(mktemp)"
	trap 'rm -f "$$template"' EXIT
	$(BIN)/pybabel --quiet extract --no-default-keywords --keywords=_ --keywords=gettext \
	  --keywords=ngettext:1,2 --add-comments=Translators: --add-location=file --sort-by-file \
	  --mapping-file=texts/locale/sources.cfg --omit-header --output-file="$$template" \
	  app.py data_access pages server texts ui
	$(BIN)/pybabel --quiet update --init-missing --no-fuzzy-matching --ignore-pot-creation-date --ignore-obsolete \
	  --input-file="$$template" --output-dir=texts/locale --domain=messages --locale=en
	# Who extracted, when and with what says nothing about the words.
	sed -i -E '/^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):/d' \
	  texts/locale/en/LC_MESSAGES/messages.po
	echo "texts/locale/en/LC_MESSAGES/messages.po: $$(grep -c '^msgid' texts/locale/en/LC_MESSAGES/messages.po) messages"

docs: runtime
	$(BIN)/python -m docs.reference

lock: tools
	$(PIP) install pip-tools
	compile() { $(BIN)/pip-compile --quiet --no-header --no-annotate --strip-extras --no-emit-options \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$$@" pyproject.toml; }
	folder="$$(mktemp -d)"
	trap 'rm -rf "$$folder"' EXIT
	grep -h '==' requirements.txt requirements-dev.txt | sed 's/ *;.*//' >"$$folder/kept.txt"
	[ -z "$(UPGRADE)" ] || : >"$$folder/kept.txt"
	compile --constraint="$$folder/kept.txt" --output-file="$$folder/runtime.txt"
	compile --constraint="$$folder/kept.txt" --extra=dev --output-file="$$folder/all.txt"
	{ echo '# Every package that the product runs on, pinned exactly. Compiled from pyproject.toml by `make lock`.'
	  cat "$$folder/runtime.txt"; } >requirements.txt
	{ echo '# The tools on top. Compiled from pyproject.toml by `make lock`.'
	  echo '-r requirements.txt'
	  grep -vxFf "$$folder/runtime.txt" "$$folder/all.txt" | grep -v -e '^#' -e '^$$'; } >requirements-dev.txt

clean:
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------- what the words above stand on

# The virtual environment, from the first Python that is new enough. A name on PATH may be a stub
# that only says what to install, so each is asked to run.
python:
	if [ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi
	found=
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
	    found="$$name"; break
	  fi
	done
	[ -n "$$found" ] || {
	  echo 'Python 3.11 or newer was not found. On Debian: apt-get install python3 python3-venv' >&2
	  echo 'If it has another name: make PYTHON=/path/to/python ...' >&2
	  exit 1; }
	"$$found" -c 'import ensurepip, venv' >/dev/null 2>&1 || {
	  echo "$$found lacks its venv module. On Debian: apt-get install python3-venv" >&2
	  exit 1; }
	echo "Making .venv with $$("$$found" --version)"
	rm -rf .venv
	"$$found" -m venv .venv

runtime: python
	hash="$$(sha256sum requirements.txt)"
	[ "$$(cat .venv/runtime-stamp 2>/dev/null || true)" != "$$hash" ] || exit 0
	echo 'Installing the pinned packages (the first time takes a minute or two)'
	$(PIP) install --requirement requirements.txt
	echo "$$hash" >.venv/runtime-stamp

tools: runtime
	hash="$$(cat requirements.txt requirements-dev.txt | sha256sum)"
	[ "$$(cat .venv/tools-stamp 2>/dev/null || true)" != "$$hash" ] || exit 0
	echo 'Installing the tools for tests and checks'
	$(PIP) install --requirement requirements-dev.txt
	echo "$$hash" >.venv/tools-stamp

# The browser is the distribution's: Playwright's own download would leave the site.
browser: python
	find_browser() {
	  for name in "$${CHROMIUM:-}" chromium chromium-browser google-chrome; do
	    if [ -n "$$name" ] && command -v "$$name"; then return; fi
	  done; return 1; }
	if ! find_browser >.venv/chromium; then
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	    echo 'Installing Chromium for the browser tests'
	    export DEBIAN_FRONTEND=noninteractive
	    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium; } \
	      >.venv/chromium.log 2>&1 || { cat .venv/chromium.log >&2; exit 1; }
	  fi
	  find_browser >.venv/chromium || {
	    echo 'make test: Chromium was not found. On Debian, as root: apt-get install chromium' >&2
	    echo 'If it has another name: make test CHROMIUM=/path/to/chromium' >&2
	    exit 1; }
	fi
