"""Small surveys, folders of cases, and messages, for the tests of cleaning."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from commresearch.errors import CommResearchError
from commresearch.terms import Language
from commresearch.words.messages import render_failure
from tests.unit.case_facts import case_facts

CORRECTION_COLUMNS = ("kind", "file", "sheet", "row_id", "variable", "expect", "new", "reason", "reported_by", "date")
KEY, OTHER_KEY = bytes(range(32)), bytes(range(100, 132))


def codes(error: CommResearchError) -> list[str]:
    """Codes of everything that is wrong, in the order in which it is said."""
    return [failure.code for failure in error.failures]


def told(error: CommResearchError, code: str, *facts: str) -> tuple[str, str]:
    """What is said of a code in Chinese and in English; both hold the facts and say what to do."""
    failures = [f for f in error.failures if f.code == code]
    assert failures, codes(error)
    zh, en = ("\n".join(render_failure(f, language) for f in failures) for language in Language)
    for text, remedy in ((zh, "处理："), (en, "What to do: ")):
        assert remedy in text
        assert all(fact in text for fact in facts), (facts, text)
    return zh, en


def values(column: pd.Series) -> list[object]:
    """Values with None where there is none."""
    return [None if pd.isna(value) else value for value in column]


def data_part(wave: str, files: Sequence[str], **settings: object) -> str:
    """A survey of case.toml; settings that are None are left out."""
    options = {"kind": "survey", "wave": wave or None, "files": list(files), "sampling": "opt_in", **settings}
    written = {name: str(value).replace("'", '"') if isinstance(value, list) else f'"{value}"' for name, value in options.items() if value is not None}
    return "\n[[data]]\n" + "".join(f"{name} = {value}\n" for name, value in written.items())


def write_case(folder: Path, *parts: str, case_id: str = "binhai") -> Path:
    """A case folder whose case.toml has these parts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.toml").write_text(case_facts(case_id, zh="滨海示范区（模拟）", en="Binhai (simulated)") + "".join(parts), encoding="utf8")
    return folder


def correction(row_id: object, variable: str, expect: str, new: str, **more: str) -> dict[str, str]:
    """A line of corrections.csv, complete but for what is given otherwise."""
    line = {
        "kind": "survey", "file": "", "sheet": "", "row_id": str(row_id), "variable": variable, "expect": expect, "new": new, "reason": "录入错误",
        "reported_by": "数据员", "date": "2026-09-30",
    }
    return line | more


def corrections(*lines: Mapping[str, str]) -> pd.DataFrame:
    """A list of corrections as it is when it has been read: the index is the row of the spreadsheet."""
    return pd.DataFrame(lines, columns=list(CORRECTION_COLUMNS), index=pd.RangeIndex(2, len(lines) + 2), dtype="str")
