# The targets people and CI use. Each does its own set-up, so a fresh checkout needs only Python 3.11 and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
RUN    := $(VENV)/.run.stamp
DEV    := $(VENV)/.dev.stamp
UV_VERSION := 0.13.8

.PHONY: demo demo-delegates demo-mirror up test check fix bench docs faults lock system-packages clean

demo: $(RUN)            ## run the main job on a throw-away registry
	@$(BIN)/pierhead demo

demo-delegates: $(RUN) system-packages ## the same with PostgreSQL and three delegates, one of which is killed
	@$(BIN)/pierhead demo --delegates

demo-mirror: $(RUN)     ## mirror to a registry of one's own, until the source can be switched off
	@$(BIN)/pierhead demo --mirror

up: $(RUN)              ## run the server in the foreground
	$(BIN)/pierhead up

test: $(DEV) check system-packages ## every check and every test
	$(BIN)/pytest -n 2 --dist worksteal -m "not faults" $(ARGS)

check: $(DEV)           ## style, types, import order
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(DEV)             ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) system-packages ## figures against skopeo and docker-registry
	@$(BIN)/python -m compileall -q -j 0 src
	$(BIN)/python -m bench

docs: $(RUN)            ## write the reference pages anew, from the program itself
	$(BIN)/python docs/generate

faults: $(DEV) system-packages ## long randomised fault runs
	$(BIN)/pytest -m faults --timeout 3600 $(ARGS)

lock: $(UV)             ## renew the pinned, hashed versions
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --group dev --extra opentelemetry -c requirements.lock pyproject.toml -o requirements-dev.lock

system-packages:
	@sh tests/system-packages.sh

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(RUN): pyproject.toml requirements.lock | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@$(BIN)/python -m compileall -q -j 0 src  # start-up is mostly imports, and some environments write no bytecode
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
