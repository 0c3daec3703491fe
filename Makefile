# The whole interface. Each target does its own set-up: Python 3.11 or later is all that must be there.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all check fix bench bench-full

PYTHON_HERE := .venv/bin/python
# A run that hangs as a whole is ended; `timeout` is missing on some systems, and then only single tests are guarded.
GUARD := $(shell command -v timeout >/dev/null 2>&1 && echo timeout --foreground)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 16

setup:
	@sh scripts/setup

demo: setup ## train on handwritten digits, and a page that tells how good it is
	@$(PYTHON_HERE) -m striate train digits --budget 8s

test: setup ## the tests, without the slow ones
	@$(if $(GUARD),$(GUARD) 1800) $(PYTHON_HERE) -m pytest -n 2 -m "not slow"

test-all: setup ## every test
	@$(if $(GUARD),$(GUARD) 7200) $(PYTHON_HERE) -m pytest -n 2

check: setup ## format, lint, types, and the rules of the house
	@$(PYTHON_HERE) -m ruff format --check .
	@$(PYTHON_HERE) -m ruff check .
	@$(PYTHON_HERE) -m mypy
	@$(PYTHON_HERE) -m pytest -q tests/house

fix: setup ## format, repair what lint can repair, write the golden files anew
	@$(PYTHON_HERE) -m ruff check --fix-only --quiet .
	@$(PYTHON_HERE) -m ruff format .
	@$(PYTHON_HERE) -m pytest -q --write-golden
	@$(PYTHON_HERE) scripts/write_lectures.py

bench: setup ## the figures we hold ourselves to, in their quick form
	@$(PYTHON_HERE) -m bench

bench-full: setup ## training beside every peer, three seeds; hours, and goes on where it was ended
	@$(PYTHON_HERE) -m bench.train -o runs/bench-full.json
