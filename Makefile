# Everything a newcomer, a developer and CI call. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help install run test check servers bench lock clean
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# mosquitto and redis-server live in /usr/sbin, which a plain user's PATH leaves out
export PATH := $(PATH):/usr/local/sbin:/usr/sbin
# PYTHON=… chooses the interpreter that .venv is built with
PYTHON ?=

help: ## list the targets
	@sed -n 's/^\([a-z%*-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

install: ## build .venv from requirements.lock; does nothing when it is current
	@for python in $(PYTHON) python3.11 python3.12 python3 "$$HOME"/.pyenv/versions/3.1[12]*/bin/python; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; \
	  then exec "$$python" -I deploy/install.py $(LOCKS); fi; \
	done; echo 'make install: no Python 3.11 or 3.12 found: install python3.11, or name one: PYTHON=…' >&2; exit 1

run: install ## start Floorcast with a simulated shop; prints one URL
	@exec $(BIN)/floorcast up

test: install servers ## the whole test suite, with what it needs where that may be installed
	@$(MAKE) check; checked=$$?; $(BIN)/python -m pytest -n 2 --dist loadfile; tested=$$?; exit $$((checked | tested))

check: install ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

servers: # what integration and browser tests want from the distribution, where this user may install it
	@sh deploy/test-servers.sh

bench: LOCKS := requirements-bench.lock
bench: bench-run ## the floor and the ingest beside other ways to do it; writes docs/benchmarks.md

bench-%: LOCKS := requirements-bench.lock
bench-%: install ## one benchmark of bench/, by name: bench-floor, bench-ingest, …
	@$(BIN)/python -m bench.$(subst -,_,$*)

lock: ## renew requirements.lock from pyproject.toml (wants uv)
	@sh deploy/lock.sh

clean: ## remove .venv, caches and the embedded servers' data
	rm -rf .venv .floorcast build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
