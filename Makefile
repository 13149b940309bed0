# The verbs of the day. `make` alone lists them.
SHELL := /bin/sh
BIN := .venv/bin
SERVERS := $(BIN)/python -m luxebrain.embedded

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint lock bench drill fuzz mutation clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## make the environment in .venv from the locks
	@sh bin/setup

demo: setup  ## start everything with real demo shops; Ctrl-C stops it
	@$(SERVERS) demo

test: setup  ## everything that CI runs: linters, unit, API and browser tests
	@sh bin/chromium
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2

lint: setup  ## ruff, the import contracts, and no migration missing
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(SERVERS) run --fresh $(BIN)/python manage.py makemigrations --check --dry-run

BENCHES := serving latency first_call events fairness hook_fairness imports isolation expressions training anomalies experiments batch

bench: setup  ## run the measurements in bench/, each on fresh servers
	@for name in $(BENCHES); do \
		echo "== bench.$$name"; \
		$(SERVERS) run --fresh sh -c '$(BIN)/python manage.py setup -v 0 && $(BIN)/python -m bench.$$0' \
			"$$name" || exit 1; \
	done

drill: setup  ## kill every process: all come back, nothing is lost
	@$(SERVERS) drill
	@$(BIN)/python -m bench.drills.work
	@$(BIN)/python -m bench.drills.events
	@$(BIN)/python -m bench.drills.batch
	@$(BIN)/python -m bench.drills.slack_down

fuzz: setup  ## ask the API some 20,000 generated calls against its own description
	LUX_FUZZ_EXAMPLES=$${LUX_FUZZ_EXAMPLES:-800} $(BIN)/python -m pytest -n 0 -s --timeout 3600 \
		tests/recommendations/api/test_fuzz.py

mutation: setup  ## plant small faults in what guards the doors; its tests must find 85 % of them
	@$(BIN)/python -m bench.mutation

lock: setup  ## refresh the pinned versions in requirements/
	@sh bin/lock

clean:  ## delete the demo's data and all caches
	@if [ -x $(BIN)/python ]; then $(SERVERS) clean; fi
	@rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
