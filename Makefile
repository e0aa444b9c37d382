PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && exit; done; echo python3)
IN = @"$(PYTHON)" tools/bootstrap.py
ARGS ?=

.PHONY: help up down status test test-oathkeeper check format bench bench-ledger bench-ledger-growth bench-credit schemas gateway demo cli
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 30

up: ## start the whole bank on this machine; Ctrl-C stops it (DETACH=1 leaves it running)
	$(IN) python -m lana.up up $(if $(DETACH),--detach) $(ARGS)

down: ## stop the bank that `make up` started
	$(IN) python -m lana.up down $(ARGS)

status: ## which parts of the bank run, and where
	$(IN) python -m lana.up status $(ARGS)

test: ## every test (about 15 minutes on two cores); ARGS="-k name" for some
	$(IN) pytest -n 2 --dist loadfile --durations 10 $(ARGS)

test-oathkeeper: ## the gateway's tests against Oathkeeper: LANA_OATHKEEPER=/path/to/oathkeeper
	$(IN) pytest tests/e2e/gateway -rs $(ARGS)

check: ## format, lint, types, import contracts, unit tests
	$(IN) ruff format --check .
	$(IN) ruff check .
	$(IN) basedpyright
	$(IN) lint-imports
	$(IN) pytest -q tests/unit tests/architecture $(ARGS)

format: ## put the code into its form
	$(IN) ruff format .
	$(IN) ruff check --fix .

bench: ## how fast the bank is on this machine; ends with the line of ratios
	$(IN) python -m tests.perf $(ARGS)

bench-ledger: ## how fast the ledger is, beside the Rust crate where cargo is; ends with the line of ratios
	$(IN) python -m tests.perf.ledger $(ARGS)

bench-ledger-growth: ## the ledger with 10 million entries and a chart of a million accounts (minutes to fill)
	$(IN) python -m tests.perf.ledger.growth $(ARGS)

bench-credit: ## how fast lending is with 100,000 facilities; ends with the line of ratios
	$(IN) python -m tests.perf.credit $(ARGS)

schemas: ## write docs/reference: both SDLs, events, settings, permissions
	$(IN) python -m tests.golden.write $(ARGS)

gateway: ## write gateway/ anew from gateway/routes.toml
	$(IN) python -m lana.up.gateway $(ARGS)

demo: ## play a bank's day through the gateway of the running bank
	$(IN) lana-cli demo $(ARGS)

cli: ## lana-cli for the running bank: make cli ARGS="verify"
	$(IN) python -m lana.up cli $(ARGS)
