# Occuscope: `make app` runs it, `make test` tests it; each sets up .venv where there is none.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: app test check bench clean

app: .venv/app
	$(BIN)/streamlit run app.py

test: .venv/dev
	$(BIN)/python -m pytest

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow and not browser"

bench: .venv/dev
	$(BIN)/python -m tests.benchmarks.scoring
	$(BIN)/python -m tests.benchmarks.score_tables --only curve kills language_model
	$(BIN)/python -m tests.benchmarks.app
	$(BIN)/python -m tests.benchmarks.forecasts
	$(BIN)/python -m tests.benchmarks.influence
	$(BIN)/python -m tests.benchmarks.training
	$(BIN)/python -m tests.benchmarks.votes

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/app: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/app
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv
