# Everything a person runs. `make demo` and `make test` need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JAVA := $(shell command -v java 2>/dev/null)
LOCKS := requirements.lock $(if $(JAVA),requirements-spark.lock)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-core test-commands test-rest check bench faults dev docs lock clean

$(VENV)/.installed: $(LOCKS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Memasang paket (sekali saja) / installing packages (once) ..."
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@if [ -n "$(JAVA)" ]; then $(PIP) install --no-deps --no-build-isolation --require-hashes -r requirements-spark.lock; \
	else echo "Java tidak ada: bagian Spark dilewati / no Java: the Spark part is left out"; fi
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python -m dtsen_pipeline.demo

test: $(VENV)/.installed
	@if [ -z "$(JAVA)" ]; then echo "Java tidak ada: uji Spark dilewati / no Java: Spark tests are skipped"; fi
	@echo "Dua bagian sekaligus, hasilnya tampil setelah selesai / two parts at a time, shown when each is done ..."
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target --keep-going test-core test-rest test-commands

# Without a prerequisite: `test` has made the environment before they begin.
test-core:
	$(BIN)/python -m pytest tests/core

test-commands:
	$(BIN)/python -m pytest tests/assets tests/cli

test-rest:
	$(BIN)/python -m pytest tests --ignore=tests/core --ignore=tests/assets --ignore=tests/cli

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dg check defs

bench: $(VENV)/.installed
	$(BIN)/python -W ignore -m benchmarks.gate
	$(BIN)/python -W ignore -m benchmarks.workbook
	$(BIN)/python benchmarks/compute.py
	$(BIN)/python -W ignore -m benchmarks.rules
	$(BIN)/python -W ignore -m benchmarks.refresh
	$(BIN)/python -W ignore -m benchmarks.linkage
	$(BIN)/python -W ignore -m benchmarks.sure_links

faults: $(VENV)/.installed
	DTSEN_TEST_STORIES=20 $(BIN)/python -m pytest --timeout 3600 -m "sweep or law" tests

dev: $(VENV)/.installed
	@DAGSTER_HOME=$$($(BIN)/python -m dtsen_pipeline.resources.instance) && export DAGSTER_HOME && \
	echo "Dagster: http://127.0.0.1:3000" && exec $(BIN)/dg dev --host 127.0.0.1 --port 3000

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

lock:
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes \
	  --group pyproject.toml:dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes \
	  -c requirements.lock requirements-spark.in -o requirements-spark.lock

clean:
	rm -rf $(VENV) demo-city
