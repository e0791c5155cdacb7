"""pyproject.toml, constraints.txt and environment.yml say the same; the documents name what exists."""

import re
import tomllib

from commresearch import cleaning, sources, survey
from commresearch.cases.case import DataFile
from commresearch.cases.contract import COLUMNS
from commresearch.cleaning.corrections import COLUMNS as CORRECTION_COLUMNS
from commresearch.cleaning.variable import COLUMNS as CODEBOOK_COLUMNS
from commresearch.records.log import LOG_COLUMNS
from commresearch.survey.sample import RESULT_COLUMNS
from commresearch.terms import (
    Check,
    Comparison,
    DataKind,
    Family,
    Fit,
    Headline,
    Identifier,
    Kind,
    Level,
    Mechanism,
    Mention,
    MissingKind,
    NotClaim,
    Platform,
    Role,
    Sampling,
    UnitClass,
    VariableType,
)
from commresearch.words import entries
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
#: what conda calls differently, or has only through pip
CONDA_NAMES = {"duckdb": "python-duckdb", "pypandoc-binary": "pandoc"}


def names(lines):
    return {re.split(r"[><=\[; ]", line.strip())[0].lower().replace("_", "-") for line in lines if line.strip() and not line.lstrip().startswith("#")}


def test_every_dependency_is_pinned_exactly_and_without_addresses():
    text = (ROOT / "constraints.txt").read_text(encoding="utf8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.+\-]+( ; .+)?", line) for line in lines), lines
    assert "://" not in text
    wanted = names([*PROJECT["dependencies"], *(d for extra in PROJECT["optional-dependencies"].values() for d in extra)])
    assert wanted <= names(lines)


def test_every_lower_bound_is_met_by_its_pin():
    pins = dict(line.split(" ;")[0].split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf8").splitlines() if "==" in line)
    pins = {k.lower().replace("_", "-"): v for k, v in pins.items()}
    for dependency in PROJECT["dependencies"]:
        name, _, bound = dependency.partition(">=")
        assert version(pins[name.lower().replace("_", "-")]) >= version(bound), dependency


def version(text):
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def test_the_conda_environment_agrees_with_the_project():
    text = (ROOT / "environment.yml").read_text(encoding="utf8")
    listed = names(line.strip()[2:] for line in text.splitlines() if line.strip().startswith("- ") and not line.strip().endswith(":"))
    for dependency in names([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]):
        assert dependency in listed or CONDA_NAMES.get(dependency) in listed, dependency
    for dependency in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]:
        name = dependency.split(">=")[0].lower().replace("_", "-")
        assert name in CONDA_NAMES or f"- {dependency}".lower() in text.lower(), dependency
    assert {"quarto", "python"} <= listed
    assert any(name.startswith("font") and "cjk" in name for name in listed)


def test_the_methods_have_a_section_per_check():
    text = (ROOT / "METHODS.md").read_text(encoding="utf8")
    for check in Check:
        assert re.search(rf"^### {check} ", text, flags=re.MULTILINE), check


def test_the_glossary_has_a_row_per_mechanism_and_column():
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf8")
    for mechanism in Mechanism:
        assert f"`{mechanism}`" in text
        assert entries("mechanisms")[mechanism]["zh"] in text


def test_the_glossary_explains_every_column_and_code_of_the_ledger():
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf8")
    for columns in COLUMNS.values():
        assert [c for c in columns if f"`{c}`" not in text] == []
    for vocabulary in (Level, Family, Kind, UnitClass, Comparison, Headline, Fit, Mention, NotClaim):
        assert [m for m in vocabulary if f"`{m}`" not in text] == []


def test_the_glossary_has_a_row_per_code_of_surveys():
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf8")
    vocabularies = {
        "platform": Platform, "type": VariableType, "missing": MissingKind, "role": Role, "identifier": Identifier, "sampling": Sampling,
        "data.kind": DataKind,
    }
    for column, vocabulary in vocabularies.items():
        assert [m for m in vocabulary if f"\n| `{column}` | `{m}` |" not in text] == [], column


def test_the_glossary_explains_the_columns_of_survey_tables():
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf8")
    flags = [key.removesuffix("_name") for key in entries("quality") if re.fullmatch("flag_.+_name", key)]
    tables = {
        "codebook": CODEBOOK_COLUMNS, "corrections.csv": CORRECTION_COLUMNS, "Data in case.toml": DataFile.model_fields,
        "log": (*LOG_COLUMNS, "reason"), "flags": flags, "estimates": RESULT_COLUMNS,
    }
    for name, columns in tables.items():
        section = text.partition(f"\n### {name}\n")[2].partition("\n##")[0]
        assert columns
        assert [c for c in columns if f"\n| `{c}` |" not in section] == [], name


def test_the_methods_have_a_section_per_function_of_surveys():
    headings = " ".join(re.findall(r"^### .+$", (ROOT / "METHODS.md").read_text(encoding="utf8"), flags=re.MULTILINE))
    functions = [name for room in (sources, survey) for name in room.__all__ if name.islower()]
    functions += [name for name in cleaning.__all__ if name.endswith("_codebook")]
    assert [name for name in functions if f"`{name}`" not in headings] == []


def test_every_file_named_in_the_methods_exists():
    text = (ROOT / "METHODS.md").read_text(encoding="utf8")
    named = re.findall(r"`((?:commresearch|tests)/[\w/.]+)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_notice_lists_every_data_file_of_the_oracles():
    text = (ROOT / "NOTICE").read_text(encoding="utf8")
    for file in (ROOT / "tests" / "oracle" / "data").iterdir():
        assert file.name in text


def test_every_file_named_in_the_architecture_exists():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf8")
    for name in re.findall(r"`((?:commresearch|notebooks|data_raw|tests|reports)/[\w/.]+)`", text):
        assert (ROOT / name).exists(), name


def test_every_room_is_on_the_map():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf8")
    for path in (ROOT / "commresearch").rglob("*.py"):
        if path.name != "__init__.py":
            assert path.name in text, path


def test_both_readmes_name_the_two_commands_and_the_mirror():
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf8")
        for word in ("make report", "make test", "PIP_INDEX_URL", "reports/site/index.html"):
            assert word in text, (name, word)
