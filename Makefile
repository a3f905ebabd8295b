# Everything a newcomer types. `make` alone prints this help.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup lint types imports unit test demo up down lock format soak bench autonomy autonomy-data clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed-$(shell cat requirements.lock pyproject.toml | sha256sum | cut -c1-16)

# Says what is done, does it, and says how long it took.
timed = @printf '== %s\n' '$(1)'; start=$$SECONDS; $(2); printf '== %s: %s s\n' '$(1)' $$((SECONDS - start))

help:  ## Print this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## Bring everything this machine lacks: Python packages, Java, Chromium, Kafka
	@PYTHONPATH=. $(BIN)/python -m local

$(STAMP): requirements.lock pyproject.toml
	$(call timed,virtual environment,bash .ci/venv $(PYTHON))
	$(call timed,Python packages,$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock)
	$(call timed,goaltrail itself,$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .)
	@rm -f .venv/.installed-*
	@touch $@

lint: setup  ## Style (ruff)
	$(call timed,ruff,$(BIN)/ruff check . && $(BIN)/ruff format --check -q .)

types: setup  ## Types (mypy --strict)
	$(call timed,mypy --strict,$(BIN)/mypy)

imports: setup  ## Arrows between folders (import-linter)
	$(call timed,import contracts,$(BIN)/lint-imports --no-cache)

unit: setup  ## The tests that need neither broker nor browser
	$(call timed,tests without services,$(BIN)/pytest -q -m 'not kafka and not browser')

test: setup lint types  ## Everything: style, types, arrows (tests/architecture), and all tests on a real broker and browser
	$(call timed,all tests,$(BIN)/pytest -n 2 --dist loadfile)

demo: setup  ## The main job on real parts; KEEP=1 leaves it running
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

up: setup  ## Start everything in the background
	@$(BIN)/goaltrail up --detach

down: setup  ## Stop what `make up` started
	@$(BIN)/goaltrail down

lock: setup  ## Pin and hash the Python packages named in pyproject.toml
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' -o requirements.lock

format: setup  ## Let ruff lay out the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup  ## The benchmarks, a line of JSON each
	@for name in latency lifecycle http_load nemesis; do $(BIN)/python -m benchmarks.$$name; done

autonomy-data: setup  ## The pages the runner is measured on (data only, without their dependencies)
	$(call timed,MiniWoB pages,$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements-miniwob.lock)
	@command -v npm >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends npm >/dev/null; }
	@mkdir -p benchmarks/data/todomvc && cp benchmarks/todomvc/package*.json benchmarks/data/todomvc/
	$(call timed,TodoMVC pages,npm ci --silent --ignore-scripts --no-audit --no-fund --prefix benchmarks/data/todomvc)

autonomy: autonomy-data  ## What the rules do without help, five seeds: one line of JSON
	@$(BIN)/python -m benchmarks.autonomy --full

soak: setup  ## The long forms: literal leases, half an hour of kills, 200,000 tasks recounted
	@$(BIN)/python -m benchmarks.outage && $(BIN)/python -m benchmarks.outage --runner
	@$(BIN)/python -m benchmarks.nemesis --seconds 1800 --lease-seconds 60
	@$(BIN)/python -m benchmarks.verify

clean:  ## Remove what was built here; the caches outside the tree stay
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
