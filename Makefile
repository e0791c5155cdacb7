# make report: all reports. make test: all checks. Both create and use .venv.
PYTHON ?= python3
REQUIRE ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.DEFAULT_GOAL := help
.PHONY: help report test lint lab clean

help: ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /  /'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed / 需要 Python 3.11 以上"; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

$(VENV)/installed-report: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e ".[test]"
	@touch $@ $(VENV)/installed-report

$(VENV)/installed-lab: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e ".[lab]"
	@touch $@ $(VENV)/installed-report

report: $(VENV)/installed-report ## make all reports into reports/site
	$(BIN)/commresearch run

test: $(VENV)/installed-test ## lint, types and all tests (REQUIRE=all: a missing tool fails)
	$(BIN)/ruff check .
	$(BIN)/mypy
	REQUIRE=$(REQUIRE) $(BIN)/python -m pytest

lab: $(VENV)/installed-lab ## open the notebooks in JupyterLab
	$(BIN)/commresearch lab

clean: ## remove the environment and the built site
	rm -rf $(VENV) reports/site build *.egg-info
