# Beatwatch. Every target first installs what is missing, and is quick when nothing is.
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help setup demo test check bench clean
help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

setup: ## install what is missing
	@deploy/setup.sh

demo: setup ## start everything, with simulated vans; DURATION= SCENARIO= SEED= SPEED= PORT=
	@exec beatwatch demo $(if $(DURATION),--duration $(DURATION)) $(if $(SCENARIO),--scenario $(SCENARIO)) \
		$(if $(SEED),--seed $(SEED)) $(if $(SPEED),--speed $(SPEED)) $(if $(PORT),--port $(PORT))

test: ## every test that needs no special machine, against a real broker and a real database
	@deploy/setup.sh tests
	@$(MAKE) --no-print-directory -C firmware_stubs test
	pytest -n 2 --dist loadscope

check: setup ## ruff, formatting, types, import contracts, firmware warnings
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	@$(MAKE) --no-print-directory -C firmware_stubs check

bench: setup ## every benchmark, and a table of all at the end
	python -m benchmarks

clean: ## remove what was installed and what the demonstration kept
	rm -rf .venv .beatwatch .mypy_cache .ruff_cache .pytest_cache
