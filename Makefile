# Every target sets up what it needs first, from a bare Python 3.11+ (another one: make setup PYTHON=python3.13).

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
RUN := .venv/bin/python
# The uv that made the lock; only `make lock` needs it.
UV := uv==0.13.9
# Looks up advisories; only `make audit` needs it.
PIP_AUDIT := pip-audit==2.10.1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint check bench chaos parity reference audit lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## set up .venv, Kafka's jars and their start-up cache
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed and was not found" >&2; exit 1; }
	@$(PYTHON) scripts/set_up.py

demo: setup ## show the whole job on a real broker (DEMO_SECONDS=60 ends by itself)
	@$(RUN) -m app.demo

test: setup ## run the whole test suite on two cores; it starts its own brokers
	@$(RUN) -m pytest -n 2 --dist loadfile

test-fast: setup ## run the tests that need no broker
	@$(RUN) -m pytest -m "not broker"

lint: setup ## check format, style and types; change nothing
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy .

check: lint test ## everything that must pass before a commit: lint and test

bench: setup ## measure throughput, latency and cost
	@test -f benchmarks/__main__.py || { echo "bench: benchmarks/__main__.py does not exist yet" >&2; exit 1; }
	@$(RUN) -m benchmarks

chaos: setup ## kill, freeze and starve workers for a long time and compare with the replay
	@test -f tests/chaos/__main__.py || { echo "chaos: tests/chaos/__main__.py does not exist yet" >&2; exit 1; }
	@$(RUN) -m tests.chaos

parity: setup ## stream 100,000 payments through real workers, export and replay them: the same decisions
	@$(RUN) -m tests.parity

reference: setup ## make docs/reference anew after settings, topics, commands, views, rules or metrics changed
	@$(RUN) -m prahari.reference

audit: setup ## look for unsafe code, and for known vulnerabilities of what is locked (needs pypi.org's advisories)
	@$(RUN) -m ruff check --select S .
	@$(RUN) -m venv build/audit && build/audit/bin/pip install --quiet $(PIP_AUDIT)
	@build/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock || { \
		echo "audit: a locked package has a known vulnerability, or its advisories could not be read: a mirror of PyPI has none" >&2; exit 1; }

lock: setup ## make the locks anew after requirements*.in changed
	@$(RUN) -m venv build/lock && build/lock/bin/pip install --quiet $(UV)
	@for name in requirements requirements-dev; do \
		build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
			--custom-compile-command "make lock" $$name.in --output-file $$name.lock || exit 1; done

clean: ## remove what tools left behind; .venv and .cache stay
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path "./.venv/*" -prune -exec rm -rf {} +
