"""Checks that keep the house in order: import order, public names, budgets, docstrings, notebooks, dependencies."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import nbformat
import pytest

import commresearch
from commresearch.cleaning.clean import DERIVED
from commresearch.cleaning.duplicate_decisions import RULES
from commresearch.cleaning.national_id import REASONS
from commresearch.cleaning.parsed import Rule
from commresearch.sources import ROW_RULES
from commresearch.words import entries
from tests.conftest import ROOT

PACKAGE = ROOT / "commresearch"
ROOMS = (
    "errors", "terms", "words", "records", "cases", "simulate", "sources", "cleaning", "survey", "outcomes", "impact", "comparison", "workflow", "reporting", "course",
    "cli",
)
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"pandas", "numpy", "matplotlib", "seaborn", "statsmodels", "pandera", "papermill", "IPython", "docx"}
FILE_BUDGET, FUNCTION_BUDGET, PUBLIC_BUDGET = 400, 60, 60
BANNED_NAMES = {"utils", "common", "misc", "tools", "helpers"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_a_module_imports_only_from_its_left():
    broken = []
    for path in MODULES:
        here = room(path)
        if here == "__init__":
            continue
        for name in imports(path):
            if name.startswith("commresearch."):
                there = name.split(".")[1]
                if ROOMS.index(there) > ROOMS.index(here):
                    broken.append(f"{path.relative_to(ROOT)}: {here} imports {there}")
    assert broken == []


def test_computing_rooms_import_no_plotting_library():
    for path in MODULES:
        if room(path) in {"comparison", "impact", "outcomes", "cases", "words", "records"}:
            assert not {n.split(".")[0] for n in imports(path)} & {"matplotlib", "seaborn"}, path


def test_nothing_below_the_command_line_reads_the_environment():
    for path in MODULES:
        if room(path) != "cli":
            assert "os.environ" not in path.read_text(encoding="utf8"), path
            assert "getenv" not in path.read_text(encoding="utf8"), path


def test_public_names_are_few_load_late_and_work():
    assert sorted(commresearch.__all__) == sorted(commresearch._PUBLIC)
    assert len(commresearch.__all__) <= PUBLIC_BUDGET
    assert set(commresearch.__all__) <= set(dir(commresearch))
    for name in commresearch.__all__:
        assert getattr(commresearch, name).__doc__
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = commresearch.no_such_name


@pytest.mark.parametrize("code", ["import commresearch", "import commresearch.cli"])
def test_importing_imports_nothing_heavy(code):
    script = f"import sys; {code}; print(','.join(sorted(m for m in sys.modules if m.split('.')[0] in {HEAVY!r} and '.' not in m)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


LATE = ("cleaning", "comparison", "outcomes", "workflow")  #: rooms whose public names load their modules at first use


@pytest.mark.parametrize("name", LATE)
def test_public_names_of_a_room_load_late_and_are_those_that_types_are_checked_with(name):
    room_of = importlib.import_module(f"commresearch.{name}")
    tree = ast.parse((PACKAGE / name / "__init__.py").read_text(encoding="utf8"))
    checked = {alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "commresearch" for alias in node.names}
    assert {public: module for public, module in checked.items() if public != "TYPE_CHECKING"} == room_of._MODULES
    assert set(room_of.__all__) == set(room_of._MODULES) <= set(dir(room_of))
    assert not set(room_of.__all__) & {path.stem for path in (PACKAGE / name).glob("*.py")}, "a module would stand in the place of the name"
    for public in room_of.__all__:
        assert getattr(room_of, public).__module__.startswith("commresearch.")
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = room_of.no_such_name


@pytest.mark.parametrize(
    ("names", "unwanted"),
    [
        ("clean_case, check_cases", {"commresearch.outcomes", "commresearch.cleaning.event_cleaning", "commresearch.reporting", "duckdb", "scipy.optimize", "pandera", "statsmodels"}),
        ("clean_logs, build_case_panels, check_logs", {"commresearch.survey", "commresearch.cleaning.clean", "commresearch.reporting", "scipy", "pandera", "statsmodels"}),
    ],
    ids=["surveys", "logs"],
)
def test_work_on_surveys_does_not_load_that_on_logs_nor_the_other_way_round(names, unwanted):
    script = f"import sys; from commresearch.workflow import {names}; print(','.join(sorted({unwanted!r} & set(sys.modules))))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_modules_and_functions_stay_small():
    for path in MODULES:
        text = path.read_text(encoding="utf8")
        assert path.stem not in BANNED_NAMES
        assert text.count("\n") <= FILE_BUDGET, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < FUNCTION_BUDGET, f"{path}: {node.name}"


def test_public_functions_say_what_they_raise():
    for name in ("load_published", "audit_claims"):
        doc = getattr(commresearch, name).__doc__
        for section in ("Parameters\n", "Raises\n"):
            assert section in doc, name


def test_no_number_is_replaced_by_a_default_through_or():
    """`x or 5` turns a stated zero into five."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
                assert not any(isinstance(v, ast.Constant) and isinstance(v.value, int | float) and v.value > 1 for v in node.values), path


def test_every_error_code_has_a_text_and_every_text_is_used():
    source = "\n".join(p.read_text(encoding="utf8") for p in MODULES)
    used = set(re.findall(r'code="(CR-[A-Z]\d\d)"', source))
    written = {k for k in entries("errors") if k.startswith("CR-")}
    assert used == written


def test_a_text_stands_in_one_file_of_its_catalogue():
    files = sorted((ROOT / "commresearch" / "words").glob("*.toml"))
    for file in files:
        parts = [f for f in files if f == file or f.stem.startswith(f"{file.stem}_")]
        keys = Counter(key for part in parts for key in tomllib.loads(part.read_text(encoding="utf8")))
        assert [key for key, times in keys.items() if times > 1] == [], file.name


def test_every_rule_of_the_cleaning_log_has_words():
    source = "\n".join(p.read_text(encoding="utf8") for p in MODULES)
    written = set(re.findall(r'\brule="([a-z0-9_]+)"', source)) | set(re.findall(r'whole_column\("([a-z_]+)"', source)) | set(Rule) | set(RULES.values())
    written |= {f"national_id_{reason}" for reason in REASONS if reason} | {f"derived_{what}" for what in DERIVED} | set(ROW_RULES)
    assert sorted(written - set(entries("log"))) == []


def test_every_text_is_used():
    source = "\n".join(p.read_text(encoding="utf8") for p in MODULES)
    words = set(re.findall(r"CR-\w+|\w+", source))
    built = re.compile(
        r"^(C\d\d_|element_|block_|fit_|headline_|panels_row_|comparison_panel_|trust_|profile_|elements_|collect_always_|grades_|col_|evidence_|"
        r"definitions_|mechanisms_|source_|site_|line_|status_|reading_|gap_|doctor_|worker_|rule_|case_|comparison_)"
    )
    for catalogue in ("reports", "checks", "cli", "errors"):
        for key in entries(catalogue):
            assert built.match(key) or key in words, f"{catalogue}.{key} is never said"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda p: p.name)
def test_notebooks_are_thin_and_stripped(path):
    book = nbformat.read(path, as_version=4)
    code = [c for c in book.cells if c.cell_type == "code"]
    named = sum("parameters" in c.metadata.get("tags", []) for c in book.cells)
    assert named == 1 or (named == 0 and path.parent.name == "course"), "lessons that need nothing from outside have no parameters"
    for cell in code:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert cell.source.count("\n") < 15
        assert not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in ast.walk(ast.parse(cell.source)))
    assert set(book.metadata) == {"kernelspec", "language_info"}


def test_paths_and_hosts_of_a_machine_stand_nowhere():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: the list of files is not known")
    host = re.compile(r"index-url|/simple/|/home/\w+/|/root/|(?<![\w.])/work/")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.suffix not in {".png", ".csv", ".xlsx", ".xls", ".sav"} and path.is_file() and path != Path(__file__):
            assert not host.search(path.read_text(encoding="utf8")), name
