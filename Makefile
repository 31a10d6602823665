# Two commands do all the set-up: `make run` starts everything, `make test` tests everything.
# Both need git, make and Python 3.11 or newer with venv, and keep what they install in .venv/.
PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUNS := .venv/requirements.$(VERSION)
TESTS := .venv/requirements-dev.$(VERSION)
TELLS := .venv/requirements-telemetry.$(VERSION)
BIN := .venv/bin/python -m

# What is wrong with this Python, in one sentence; old ones must be able to read it too.
export PYTHON_CHECK
define PYTHON_CHECK
import sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed and %s is %d.%d; name another one: make run PYTHON=python3.12"
             % ((sys.executable,) + tuple(sys.version_info[:2])))
try:
    import ensurepip, venv
except ImportError:
    sys.exit("This Python cannot make a virtual environment; on Debian or Ubuntu: sudo apt-get install python3-venv")
endef

INSTALL_FAILED = Installing failed, for the reason above; the same command goes on from here when that is mended.

.DEFAULT_GOAL := help
.PHONY: scan audit sbom help run telemetry test test-fast check lint types contracts format lock chaos bench bench-engine captcha-strength

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 26

run: $(RUNS) ## install what is missing and start everything; PORT=8081 for another port
	@exec $(BIN) service run

telemetry: $(RUNS) $(TELLS) ## install what OTLP_ENDPOINT and SENTRY_DSN need

test: $(TESTS) ## every test, on real parts
	@$(BIN) pytest -n 2 --dist worksteal

test-fast: $(TESTS) ## the tests without browser and without killing parts
	@$(BIN) pytest -m "not browser and not chaos"

check: lint types contracts scan audit test ## exactly what CI runs

lint: $(TESTS) ## ruff: rules and layout
	@$(BIN) ruff check .
	@$(BIN) ruff format --check .

types: $(TESTS) ## mypy, strict
	@$(BIN) mypy

contracts: $(TESTS) ## who may import whom
	@.venv/bin/lint-imports

scan: $(TESTS) ## code for known mistakes (bandit), every file for secrets (detect-secrets)
	@$(BIN) bandit --quiet --configfile pyproject.toml --recursive service workers
	@git ls-files -z | xargs -0 .venv/bin/detect-secrets-hook --disable-plugin KeywordDetector \
		--disable-plugin BasicAuthDetector --exclude-files '(requirements.*\.txt|\.tsv|\.png)$$'
	@git ls-files -z service workers deploy .ci Dockerfile docker-compose.yml | xargs -0 .venv/bin/detect-secrets-hook \
		--exclude-files '\.tsv$$'

audit: $(TESTS) ## known weaknesses of the pinned packages; says so when it cannot ask
	@.venv/bin/python -m tests.supply_chain requirements.txt requirements-telemetry.txt requirements-dev.txt

sbom: $(TESTS) ## what the service is made of, CycloneDX, into var/sbom.json
	@mkdir -p var
	@.venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --of JSON -o var/sbom.json requirements.txt
	@echo "var/sbom.json"

format: $(TESTS) ## lay the code out and repair what can be repaired
	@$(BIN) ruff check --fix .
	@$(BIN) ruff format .

lock: $(TESTS) ## pin every dependency anew, with hashes, from pyproject.toml
	@$(BIN) pip install --quiet uv
	@$(LOCK) -o requirements.txt pyproject.toml
	@$(LOCK) -o requirements-telemetry.txt --extra otel --extra sentry pyproject.toml
	@$(LOCK) -o requirements-dev.txt --extra otel --extra sentry --group dev pyproject.toml

chaos: $(TESTS) ## kill and stop real parts for five minutes, then count what was lost
	@.venv/bin/python -W ignore -m tests.chaos

bench: $(TESTS) ## measure the service
	@$(BIN) tests.bench

bench-engine: $(TESTS) ## measure the engine alone
	@$(BIN) tests.bench.engine

captcha-strength: $(TESTS) ## how many pictures an off-the-shelf solver reads
	@$(BIN) tests.bench.captcha_strength

# Universal: one file for every supported Python and platform, and no address in it.
LOCK = .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url

# The mark is written last: an interrupted install leaves none, and the next try begins with an empty .venv/.
.venv/%.$(VERSION): %.txt
	@$(PYTHON) -c "$$PYTHON_CHECK"
	@ls .venv/requirements*.$(VERSION) >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing $< into .venv/ (once; about a minute)"
	@$(BIN) pip install --quiet --disable-pip-version-check --require-hashes -r $< || { echo "$(INSTALL_FAILED)"; exit 1; }
	@touch $@
