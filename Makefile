# make report: all reports. make test: all checks. Both create and use .venv. make bench: speed beside peers, in .venv-bench.
# make bundle: installers for machines without network, in build/bundle.
PYTHON ?= python3
REQUIRE ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
VENV_BENCH := .venv-bench
BENCH_ROWS ?=
BENCH_FOLDER ?= build/benchmarks
BENCH := $(VENV_BENCH)/bin/python -m benchmarks
SIZE = $(if $(BENCH_ROWS),--rows $(BENCH_ROWS))

.DEFAULT_GOAL := help
.PHONY: help report test lint lab bench bundle clean

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

$(VENV)/installed-spark: pyproject.toml constraints.txt | $(VENV)/installed-test
	$(PIP) install -c constraints.txt -e ".[spark,fast,lab,dask]"
	@touch $@

test: $(VENV)/installed-test $(if $(filter all,$(REQUIRE)),$(VENV)/installed-spark) ## lint, types and all tests (REQUIRE=all: a missing tool fails)
	$(BIN)/ruff check .
	$(BIN)/mypy
	REQUIRE=$(REQUIRE) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lab: $(VENV)/installed-lab ## open the notebooks in JupyterLab
	$(BIN)/commresearch lab

$(VENV_BENCH)/installed: pyproject.toml constraints.txt benchmarks/requirements.txt
	test -x $(VENV_BENCH)/bin/python || $(PYTHON) -m venv $(VENV_BENCH)
	$(VENV_BENCH)/bin/python -m pip --disable-pip-version-check -q install -c constraints.txt -r benchmarks/requirements.txt -e .
	@touch $@

bench: $(VENV_BENCH)/installed ## speed beside named peers, as tables (BENCH_ROWS=20000: small)
	$(BENCH).workbook_to_clean_table $(SIZE) --folder $(BENCH_FOLDER)
	$(BENCH).gb18030_file $(SIZE) --folder $(BENCH_FOLDER)
	$(BENCH).raking $(SIZE)
	$(BENCH).estimates $(SIZE)
	$(BENCH).effort $(SIZE)
	$(BENCH).tickets_to_panel $(SIZE) --folder $(BENCH_FOLDER)
	$(BENCH).hotline_csv $(SIZE) --folder $(BENCH_FOLDER)
	$(BENCH).booking_overlap $(SIZE) --folder $(BENCH_FOLDER)
	$(BENCH).fixed_effects $(SIZE)
	$(BENCH).poisson $(SIZE)
	$(BENCH).wild_bootstrap
	$(BENCH).randomisation
	$(BENCH).group_time
	$(BENCH).synthetic_did
	$(BENCH).honest
	$(BENCH).power
	$(BENCH).pooling
	$(BENCH).qca
	$(BENCH).impact_study --draws 200
	$(BENCH).case_reports $(SIZE)
	$(BENCH).demo_study --draws $(if $(BENCH_ROWS),2,200)

bundle: $(VENV)/installed-report ## installers for machines without network (Windows x64, Linux x86-64) into build/bundle
	$(BIN)/python -m commresearch.cli.bundle

clean: ## remove the environments and the built site
	rm -rf $(VENV) $(VENV_BENCH) reports/site build *.egg-info
