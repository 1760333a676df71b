# Everything from a fresh machine: git, make and Python 3.11 or newer are all that is needed.

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin

.PHONY: render test lint types docs bench wheel clean checkov oracles

render: $(VENV)/.cli ## template.json of the bundled project
	$(BIN)/mangaobs render -o template.json
	@echo "wrote template.json" >&2

test: $(VENV)/.dev ## the whole suite
	$(BIN)/python -m pytest -n auto $(TESTS)

lint: $(VENV)/.dev ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.dev ## what is generated under docs/
	$(BIN)/python -m mangaobs.project.documents
	$(BIN)/python -m mangaobs.lint.documents

bench: $(VENV)/.bench ## ratios against a bare troposphere script, hand-written limits and peers
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/runtime.py
	$(BIN)/python benchmarks/message.py
	$(BIN)/python benchmarks/erasure.py
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/query.py
	$(BIN)/python benchmarks/lint.py
	$(BIN)/python benchmarks/iam.py

checkov: $(VENV)/checkov/bin/checkov ## what tests/platform asks of checkov, in an environment of its own

oracles: $(VENV)/pmapper/bin/pmapper ## PMapper for tests/iam, in an environment of its own: it is AGPL

wheel: $(VENV)/.dev
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) dist template.json

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; name one with PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: this Python cannot make environments; on Debian install python3-venv" >&2; exit 2; }

# Both want other versions of what the tests use, and neither is any part of the package.
$(VENV)/checkov/bin/checkov: | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv $(VENV)/checkov
	$(VENV)/checkov/bin/python -m pip install --quiet --disable-pip-version-check 'checkov==3.3.30'

$(VENV)/pmapper/bin/pmapper: | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv $(VENV)/pmapper
	$(VENV)/pmapper/bin/python -m pip install --quiet --disable-pip-version-check 'principalmapper==1.1.5'

# A stamp for each set of packages, so that `make render` need not wait for the tests' tools.
$(VENV)/.cli: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[cli]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.cli

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@
