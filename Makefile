# Everything runs in an environment of its own, .venv, which `make setup` builds once.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check types lint format bench bench-dashboard soak docs lock wheel browser-tools clean

help: ## list what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## build .venv from requirements.txt (uv if it is there, else venv and pip)

$(READY): requirements.txt pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(not (3, 10) <= v < (3, 14) and f"Python 3.10 to 3.13 is needed, {sys.executable} is {v.major}.{v.minor}: make PYTHON=python3.11 …")'
	@if command -v uv >/dev/null; then \
		uv venv -q --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) && \
		uv pip install -q --python $(VENV) --require-hashes -r requirements.txt && \
		uv pip install -q --python $(VENV) --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt && \
		$(RUN) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

demo: $(READY) ## a simulated shop: collector, pipeline, store and dashboard until Ctrl-C
	@exec $(RUN) -m clicktrail demo

test: check ## all checks, then all tests
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: lint types ## style, types, import direction, sizes, documents
	$(VENV)/bin/lint-imports --no-logo
	$(RUN) -m tests.checks.sizes
	$(VENV)/bin/codespell

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(READY)
	$(VENV)/bin/mypy .

format: $(READY) ## write the code in the project's style
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: $(READY) ## measure beside rivals, on data it makes itself
	$(RUN) -m bench

bench-dashboard: $(READY) ## measure reports over many events (EVENTS=10000000 PERSONS=500000)
	$(RUN) -m bench.dashboard --events $(or $(EVENTS),10000000) --persons $(or $(PERSONS),500000)

soak: $(READY) ## kill the parts a hundred times under load, on the file log and on Kafka (KILLS=100 SEED=1)
	$(RUN) -m tests.integration.test_kills $(or $(KILLS),100) $(or $(SEED),1) file
	$(RUN) -m tests.integration.test_kills $(or $(KILLS),100) $(or $(SEED),1) kafka

docs: $(READY) ## generate docs/reference
	$(RUN) -m docs.generate

lock: $(READY) ## choose newest versions into requirements.txt (needs uv)
	uv pip compile -q --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --extra dev pyproject.toml -o requirements.txt

wheel: $(READY) ## build dist/*.whl
	$(RUN) -m build --wheel --no-isolation

browser-tools: node_modules/axe-core/axe.min.js ## the accessibility checker of the browser tests (needs npm)

node_modules/axe-core/axe.min.js: package-lock.json
	npm ci --silent
	@touch $@

clean: ## remove what was built, not the data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
