# Muniment: `make serve` runs it, `make demo` shows it, `make test` proves it.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed-server
INSTALLED_DEV := $(VENV)/installed-dev

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@$(PYTHON) .ci/newcomer.py python
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(VENV)/bin/python requirements/server.lock pyproject.toml
	@echo "installing Muniment and what it needs into $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/server.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(INSTALLED_DEV): $(VENV)/bin/python requirements/dev.lock pyproject.toml
	@echo "installing Muniment and its development tools into $(VENV) (once; one or two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED) $@

install: $(INSTALLED) ## install Muniment into .venv
develop: $(INSTALLED_DEV) ## install Muniment and its development tools into .venv

serve: $(INSTALLED) ## run Muniment on this machine (options: make serve ARGS="--port 8020")
	@$(BIN)/muniment serve $(ARGS)

demo: $(INSTALLED_DEV) ## a two-minute tour against a server that keeps nothing
	@$(BIN)/python -m muniment.ops.demo

system: ## the Debian packages that the tests use: installed when root, else named when missing
	@$(PYTHON) .ci/newcomer.py tests

test: $(INSTALLED_DEV) system check ## every test, and every check
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile $(ARGS)  # three on two cores: much is waiting. A file runs in one process: its tests may share a server

heavy: $(INSTALLED_DEV) system ## what takes longer: long faults, many cases
	@HYPOTHESIS_PROFILE=heavy $(BIN)/python -m pytest -q -m "heavy or hypothesis" $(ARGS)

check: $(INSTALLED_DEV) ## style, types, layers, dependency floors
	@$(BIN)/python .ci/links.py
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/floors.py

lock: $(INSTALLED_DEV) ## write the pinned and hashed dependency lists anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --extra server --extra build pyproject.toml -o requirements/server.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --extra server --extra build --extra dev pyproject.toml -o requirements/dev.lock

bench: $(INSTALLED_DEV) ## the benchmarks (minutes; figures in bench/README.md)
	@$(BIN)/python -m bench

mutate: $(INSTALLED_DEV) ## mutation testing of both evaluators (an hour and more; ONLY="muniment.domain.policy.layers*" tries a part)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	@$(BIN)/python .ci/mutate.py

clean: ## remove what was installed and built
	@rm -rf $(VENV) .typecheck build *.egg-info .mypy_cache .ruff_cache .pytest_cache

.PHONY: help install develop serve demo system test heavy check lock bench mutate clean
