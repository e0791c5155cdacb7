"""Whether a codebook fits a received file, and how two codebooks differ."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.draft_values import other_numbers, tells_of_codes
from commresearch.cleaning.identifiers import column_identifiers
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.leak_scan import find_leaks
from commresearch.cleaning.masking import TOKENS, mask_text, masked, with_names
from commresearch.cleaning.missing import split_missing
from commresearch.cleaning.option_labels import OPENS
from commresearch.cleaning.personal_names import words_like_names
from commresearch.cleaning.text_spans import DIVIDER, JoinedTexts, plain_text
from commresearch.cleaning.typed import Cells, Typed, type_variable
from commresearch.cleaning.variable import ABSENT, Variable
from commresearch.errors import Failure, SchemaError
from commresearch.sources import RawTable
from commresearch.terms import Export, Language, Platform, VariableType
from commresearch.words import say

__all__ = [
    "ABSENT", "Placement", "compare_codebooks", "find_variables", "misread_numbers", "place_variables", "plain_header", "require_same_meaning", "unknown_answers",
    "unwritable_names", "wanted_headers",
]

SHOWN_ROWS = 5  #: rows that a message about an unknown answer names
SHOWN_COLUMNS = 3
_ANY_TOKEN = "|".join(map(re.escape, TOKENS.values()))
QUESTION_MARK = re.compile(r"^(?P<number>[0-9]+)[、.:]")
COMPARED = ("type", "question_zh", "values", "missing", "unit", "asked_if", "scale", "key", "matrix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The columns of a received file that hold a variable; none where this export does not carry it.

    `other` is the column of the free text beside an option, empty where this export has none.
    """

    variable: Variable
    columns: tuple[str, ...]
    other: str = ""


def place_variables(codebook: Codebook, raw: RawTable) -> list[Placement]:
    """Where each variable stands in the file.

    Headers are compared as they are, else without spaces and with half-width signs.

    Raises
    ------
    SchemaError
        Headers that are not in the file (with the nearest one), and variables whose numbers lost digits in the file: all together.
    """
    placements, failures = find_variables(codebook, raw)
    if failures:
        raise SchemaError(*failures)
    return placements


def find_variables(codebook: Codebook, raw: RawTable) -> tuple[list[Placement], list[Failure]]:
    """Where each variable stands in the file, and what is wrong with those that are not there; these have no columns."""
    headers = {header: header for header in raw.frame.columns}
    for header in raw.frame.columns:
        headers.setdefault(plain_header(header), header)
    if raw.platform is Platform.KOBO:
        for header in raw.frame.columns:  # questions in groups are named group/question
            if header.rpartition("/")[0] not in raw.frame.columns:
                headers.setdefault(header.rpartition("/")[2], header)
    failures: list[Failure] = []
    placements = []
    for variable in codebook:
        apart = len(variable.source_code) > 1 and all(h in headers for h in variable.source_code)
        wanted = variable.source_code if apart else wanted_headers(variable, raw.export)
        found = tuple(headers.get(h) or headers.get(plain_header(h)) for h in wanted)
        other = headers.get(variable.source_other) or headers.get(plain_header(variable.source_other)) or ""
        placements.append(Placement(variable=variable, columns=tuple(h for h in found if h) if all(found) else (), other=other))
        failures += [_missing_header(variable, h, raw) for h, there in zip(wanted, found, strict=True) if not there]
    return placements, failures


def misread_numbers(codebook: Codebook, text: RawTable, code: RawTable) -> Iterator[Failure]:
    """Numbers of a codebook that are options, as their code export has other numbers for them; both exports stand in one order."""
    theirs = {p.variable.name: p.columns for p in find_variables(codebook, code)[0]}
    for placement in find_variables(codebook, text)[0]:
        variable, columns = placement.variable, theirs[placement.variable.name]
        if variable.type is not VariableType.NUMBER or not placement.columns or not columns:
            continue
        answers, _ = split_missing(text.frame[placement.columns[0]], variable.markers)
        given = answers[answers != ""]
        if tells_of_codes(text, given, code, columns, VariableType.NUMBER) and (pairs := other_numbers(text, given, code, columns)):
            yield Failure(code="CR-K16", values={"file": codebook.name, "variable": variable.name, "text": text.path.name, "code": code.path.name, "got": pairs})


def wanted_headers(variable: Variable, export: Export) -> tuple[str, ...]:
    """Headers under which this kind of export should carry the variable."""
    headers = variable.source_code if export is Export.CODE and variable.source_code else (variable.source,)
    return () if headers in {(ABSENT,), ("",)} else headers


def plain_header(header: str) -> str:
    """A header without spaces, with half-width signs, its question number marked in one way (1、 1. 1: are the same)."""
    return QUESTION_MARK.sub(r"\g<number>、", "".join(unicodedata.normalize("NFKC", header).split()))


def _missing_header(variable: Variable, header: str, raw: RawTable) -> Failure:
    place = {"file": raw.path.name, "sheet": raw.sheet, "variable": variable.name, "got": header}
    if header in raw.lost_digits or plain_header(header) in {plain_header(h) for h in raw.lost_digits}:
        return Failure(code="CR-K09", values=place)
    near = difflib.get_close_matches(header, list(raw.frame.columns), n=1, cutoff=0.5)
    return Failure(code="CR-K08", values={**place, "nearest": near[0] if near else ""})


def unknown_answers(
    raw: RawTable, placements: Iterable[Placement], cells: pd.DataFrame, unknown: Mapping[str, tuple[Variable, pd.Series]]
) -> Iterator[Failure]:
    """Answers of choices that the codebook does not have: per variable those that its cells hold, by the lasting name of their row.

    `cells` are those of the file before identifiers are masked: an answer that is an option there is unknown only because the
    option itself holds an identifier, which no further option could mend. Options that no written file may hold are told as well.
    """
    rows = pd.Series(raw.frame.index, index=raw.row_ids)
    columns = {p.variable.name: list(p.columns) for p in placements}
    for variable, answers in unknown.values():
        there = columns.get(variable.name, [])
        labels = pd.Series(variable.values, dtype="str")
        is_unwritable = bool(find_leaks(plain_text(DIVIDER.join(labels))))
        if answers.empty and not is_unwritable:
            continue
        shown = ", ".join(there[:SHOWN_COLUMNS]) + (" …" if len(there) > SHOWN_COLUMNS else "")
        place = {"file": raw.path.name, "sheet": raw.sheet, "variable": variable.name, "column": _without_identifiers(shown) if there else ""}
        ids = answers.index[answers.str.contains(_ANY_TOKEN)].unique()
        received = cells.loc[rows.loc[ids], there].set_axis(ids)
        typed = type_variable(variable, Cells(texts=received, other=None, types=None, platform=raw.platform, export=raw.export, file=raw.path.name, sheet=raw.sheet))
        hidden = answers[answers.index.isin(ids.difference(typed.unknown.index))]
        if len(hidden) or is_unwritable:
            options = _masked_options(variable, labels, typed, hidden, received)
            yield Failure(code="CR-K15", values={**place, "rows": _shown_rows(rows, hidden), "options": options})
        unlisted = answers.drop(index=hidden.index)
        for answer, found in unlisted.groupby(unlisted, sort=True):
            yield Failure(code="CR-K11", values={
                **place, "rows": _shown_rows(rows, found), "got": _without_identifiers(answer), "count": len(found), "allowed": _listed(mask_text(labels)[0]),
            })


def unwritable_names(raw: RawTable, codebook: Codebook, placements: Iterable[Placement], known: Mapping[str, str]) -> Iterator[Failure]:
    """Headers, names of sheet and file, and questions of the codebook that no written file may hold; `known` are identifiers of the file."""
    headers = [*raw.frame.columns, *raw.lost_digits]
    places = [_header_place(raw.letters.get(h, "")) for h in headers] + [_in_languages("sheet_name"), _in_languages("file_name")]
    texts = pd.Series([*headers, raw.sheet, raw.path.name], dtype="str")
    masked_texts, faulty = _unwritable(texts, known)
    place = {"file": masked_texts.iloc[-1], "sheet": masked_texts.iloc[-2]}
    for position in faulty:
        yield Failure(code="CR-P12", values={**place, "where": places[position], "got": masked_texts.iloc[position]})
    told = set(texts.iloc[faulty])
    own = [v for v in codebook if not told & {c for p in placements if p.variable is v for c in p.columns}]
    rows = [(v.name, column, text) for v in own for column in ("question_zh", "question_en") if (text := getattr(v, column)) and text not in told]
    masked_texts, faulty = _unwritable(pd.Series([text for _, _, text in rows], dtype="str"), known)
    for position in faulty:
        variable, column, _ = rows[position]
        yield Failure(code="CR-P13", values={"variable": variable, "column": column, "got": masked_texts.iloc[position]})


def _unwritable(texts: pd.Series, known: Mapping[str, str]) -> tuple[pd.Series, list[int]]:
    """The texts with identifiers masked, and positions of those that the search of written files would refuse."""
    joined = DIVIDER.join(plain_text(t) for t in texts)
    finder = KnownValues({value: identifier for value, identifier in known.items() if value in joined and value not in words_like_names()})
    if not find_leaks(joined) and not any(finder.find(joined)):
        return texts, []
    faulty = [i for i, plain in enumerate(joined.split(DIVIDER)) if find_leaks(plain) or any(finder.find(plain))]
    columns = JoinedTexts(texts)
    return masked(texts, columns, with_names(columns, column_identifiers(columns), finder)), faulty


def _header_place(letters: str) -> dict[str, str]:
    return _in_languages("header_of_column", column=letters) if letters else _in_languages("header_of_file")


def _in_languages(name: str, **values: str) -> dict[str, str]:
    return {language.value: say(f"errors.{name}", language, **values) for language in Language}


def _without_identifiers(text: str) -> str:
    return str(mask_text(pd.Series([text], dtype="str"))[0].iloc[0])


def _shown_rows(rows: pd.Series, answers: pd.Series) -> str:
    return ", ".join(str(r) for r in rows.loc[answers.index.unique()[:SHOWN_ROWS]])


def _listed(labels: pd.Series) -> str:
    return "; ".join(f"{value}={label}" for value, label in labels.items())


def _masked_options(variable: Variable, labels: pd.Series, typed: Typed, hidden: pd.Series, received: pd.DataFrame) -> str:
    """The options that hold an identifier, as they stand in the data once it is masked; names known from the file alone are told by the answers."""
    shown = mask_text(labels)[0]
    found = shown[shown != labels].to_dict()
    if variable.type is VariableType.SINGLE:
        chosen = typed.columns[variable.name].loc[hidden.index].astype("str")
        found = dict(zip(chosen, hidden.str.split(OPENS).str[0], strict=True)) | found
    if not found:
        said, left = received.loc[hidden.index].to_csv(), hidden.to_csv()
        found = {value: "…" for value, label in labels.items() if label in said and label not in left}
    return _listed(pd.Series({value: found[value] for value in labels.index if value in found}, dtype="str"))


def compare_codebooks(old: Codebook, new: Codebook) -> pd.DataFrame:
    """What differs between the codebooks of two waves: one row per variable, column of the codebook, old and new content.

    Values are compared one by one: the same value with another label is the drift that merges answers of different meaning.
    """
    rows = [*_presence(old, new), *(row for v in old if v.name in new for row in _changes(v, new[v.name]))]
    return pd.DataFrame(rows, columns=["variable", "column", "old", "new"], dtype="str")


def require_same_meaning(codebooks: Mapping[str, Codebook]) -> None:
    """Stop where the same variable means different things in two waves.

    Raises
    ------
    SchemaError
        Types, labels, kinds of missing, units or keys of a variable that differ between a wave and the last one before it that has
        the variable: all together.
    """
    latest: dict[str, tuple[str, Variable]] = {}
    failures = []
    for after, codebook in codebooks.items():
        for variable in codebook:
            before, old = latest.get(variable.name, (after, variable))
            latest[variable.name] = (after, variable)
            failures += [
                Failure(code="CR-K10", values={"variable": name, "column": column, "old": a, "new": b, "before": before, "after": after})
                for name, column, a, b in _changes(old, variable) if column != "question_zh"
            ]
    if failures:
        raise SchemaError(*failures)


def _presence(old: Codebook, new: Codebook) -> Iterator[tuple[str, str, str, str]]:
    for variable in old:
        if variable.name not in new:
            yield variable.name, "name", variable.name, ""
    for variable in new:
        if variable.name not in old:
            yield variable.name, "name", "", variable.name


def _changes(old: Variable, new: Variable) -> Iterator[tuple[str, str, str, str]]:
    before, after = old.to_row(), new.to_row()
    for column in COMPARED:
        if column == "values":
            for value in dict.fromkeys([*old.values, *new.values]):
                if old.values.get(value) != new.values.get(value):
                    yield old.name, "values", f"{value}={old.values.get(value, '—')}", f"{value}={new.values.get(value, '—')}"
        elif before[column] != after[column]:
            yield old.name, column, before[column], after[column]
