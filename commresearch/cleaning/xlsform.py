"""The codebook that an XLSForm already is: names, types, choices, who is asked, limits."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from commresearch.cleaning.missing import no_answer
from commresearch.cleaning.variable import COLUMNS
from commresearch.errors import Failure, SchemaError
from commresearch.terms import Role, VariableType

SHEETS = ("survey", "choices")
CHOICE_TYPES = {"select_one": VariableType.SINGLE, "select_multiple": VariableType.MULTIPLE, "rank": VariableType.RANKING}
TYPES: Mapping[str, VariableType] = {
    "integer": VariableType.NUMBER, "decimal": VariableType.NUMBER, "range": VariableType.NUMBER, "text": VariableType.TEXT,
    "date": VariableType.DATE, "datetime": VariableType.DATE, "dateTime": VariableType.DATE, "today": VariableType.DATE,
    "start": VariableType.DATE, "end": VariableType.DATE,
}
ROLES = {"start": Role.STARTED, "end": Role.SUBMITTED}
_EQUAL = re.compile(r"\$\{(?P<name>\w+)\}\s*(?P<operator>!?=)\s*['\"]?(?P<value>[^'\"\s)]+)['\"]?")
_SELECTED = re.compile(r"(?P<negation>not\s*\(\s*)?selected\s*\(\s*\$\{(?P<name>\w+)\}\s*,\s*['\"](?P<value>[^'\"]+)['\"]\s*\)(?(negation)\s*\))")
_LIMIT = re.compile(r"\.\s*(?P<operator>[<>]=)\s*(?P<value>-?[0-9.]+)")
_JOIN = re.compile(r"\s+(and|or)\s+")


def xlsform_rows(path: Path) -> pd.DataFrame:
    """The rows of a codebook, from an XLSForm's sheets survey and choices.

    Notes, groups and calculations are no variables. A condition or constraint that says more than a codebook can is left out and
    named in the note, so that a person sees it.

    Raises
    ------
    SourceError
        The workbook cannot be read.
    SchemaError
        Columns that an XLSForm must have are missing, or a question names a list of choices that is not there: all together.
    """
    from commresearch.sources.tables import read_table

    survey, choices = (read_table(path, sheet=name) for name in SHEETS)
    failures = [*_missing_columns(path, survey, "survey", ("type", "name")), *_missing_columns(path, choices, "choices", ("list_name", "name"))]
    if failures:
        raise SchemaError(*failures)
    lists = {str(name): group for name, group in choices.groupby("list_name", sort=False) if name}
    single = {str(name).lower() for name, kind in zip(survey["name"], survey["type"], strict=True) if str(kind).startswith("select_one")}
    rows = [row for _, line in survey.iterrows() if (row := _row(line, lists, single, path, failures))]
    if failures:
        raise SchemaError(*failures)
    return pd.DataFrame([dict.fromkeys(COLUMNS, "") | row for row in rows], columns=list(COLUMNS), dtype="str")


def _missing_columns(path: Path, sheet: pd.DataFrame, name: str, needed: tuple[str, ...]) -> Iterator[Failure]:
    if missing := [c for c in needed if c not in sheet.columns]:
        yield Failure(code="CR-K12", values={"file": path.name, "sheet": name, "missing": ", ".join(missing)})


def _row(line: pd.Series, lists: Mapping[str, pd.DataFrame], single: set[str], path: Path, failures: list[Failure]) -> dict[str, str] | None:
    """The row of one question; None for what is no variable."""
    word, _, listed = str(line["type"]).strip().partition(" ")
    kind = CHOICE_TYPES.get(word) or TYPES.get(word)
    if kind is None or listed in {"group", "repeat"}:
        return None
    row = {"name": str(line["name"]).lower(), "type": kind.value, "source": str(line["name"]), "role": str(ROLES.get(word, ""))}
    row |= {"question_zh": _label(line, "zh"), "question_en": _label(line, "en")}
    notes = []
    if word in CHOICE_TYPES:
        options = lists.get(listed.split()[0] if listed else "")
        if options is None:
            failures.append(Failure(code="CR-K13", values={"file": path.name, "name": line["name"], "got": listed, "known": ", ".join(lists)}))
            return None
        row |= _options(options)
    condition = str(line.get("relevant", "")).strip()
    if condition:
        row["asked_if"] = _condition(condition, single)
        notes += [] if row["asked_if"] else [f"relevant: {condition}"]
    limits = {m["operator"]: m["value"] for m in _LIMIT.finditer(str(line.get("constraint", "")))}
    if kind is VariableType.NUMBER:
        row |= {"min": limits.get(">=", ""), "max": limits.get("<=", "")}
    return row | {"note": "; ".join(notes)}


def _options(options: pd.DataFrame) -> dict[str, str]:
    pairs = [(str(o["name"]), _label(o, "zh"), _label(o, "en")) for _, o in options.iterrows()]
    missing = [f"{kind}={value}" for value, zh, en in pairs if (kind := no_answer(zh or en)) is not None]
    return {
        "values": "\n".join(f"{value}={zh or en or value}" for value, zh, en in pairs),
        "labels_en": "\n".join(f"{value}={en}" for value, _, en in pairs if en), "missing": "\n".join(missing),
    }


def _label(line: pd.Series, language: str) -> str:
    """The label in a language; a label without a language counts as Chinese."""
    marks = {"zh": ("zh", "中文", "chinese"), "en": ("(en)", "::en", "english")}[language]
    for column in line.index:
        name = str(column).lower()
        if name.startswith("label") and (any(mark in name for mark in marks) or (language == "zh" and name == "label")):
            return str(line[column]).strip()
    return ""


def _condition(text: str, single: set[str]) -> str:
    """The condition in the language of codebooks; empty where it says more than that."""
    pieces = _JOIN.split(text)
    parts = [_part(piece, single) for piece in pieces[::2]]
    if not all(parts) or len(set(pieces[1::2])) > 1:
        return ""
    return f" {pieces[1] if len(pieces) > 1 else 'and'} ".join(parts)


def _part(piece: str, single: set[str]) -> str:
    bare = piece.strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    if match := _EQUAL.fullmatch(bare):
        return f"{match['name'].lower()} {match['operator']} {match['value']}"
    if match := _SELECTED.fullmatch(bare):
        name = match["name"].lower()
        says = ("=", "!=") if name in single else ("has", "has not")  # forms may ask the same of a single choice
        return f"{name} {says[bool(match['negation'])]} {match['value']}"
    return ""
