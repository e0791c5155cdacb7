"""The privacy gate: behind it no cell holds a direct identifier.

What an identifier says about its holder (age, sex, area) is derived first; then its column is dropped, or with a key replaced by
pseudonyms, birth dates lose their day, and identifiers inside all other texts are masked. The gate says what it did without
repeating what it found.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.identifier_columns import ColumnContent, is_birth_column, judge_column, read_content, spans_under
from commresearch.cleaning.identifiers import is_mobile_in_use
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.masking import TOKENS, counts, masked, with_known
from commresearch.cleaning.national_id import age_on, derive_from_national_id, exact_birth_dates, without_birth_days
from commresearch.cleaning.personal_names import known_names, name_cells, told_names, words_that_are_names
from commresearch.cleaning.places import ip_place
from commresearch.cleaning.pseudonyms import LEAST, is_pseudonym, key_fingerprint, normal_identifiers, pseudonymise
from commresearch.cleaning.reference_tables import has_answer
from commresearch.cleaning.text_spans import DIVIDER, JoinedTexts, Span, plain_text
from commresearch.errors import CleaningError, Failure
from commresearch.records import in_two, join_logs, log_lines
from commresearch.sources.raw_table import Question
from commresearch.terms import Identifier, Role

STEP = "privacy"
MANY_ROWS = 20_000  #: rows from which half of the columns are read in another process: of fewer, starting it takes as long
PSEUDONYM = "〔假名〕"  #: stands for a pseudonym in the log
DAY_DROPPED = "day_dropped"  #: what becomes of birth dates: year and month stay, by which waves are linked
DERIVED = ("age", "sex", "area", "place")
FOUND_COLUMNS = ("column", "identifier", "by", "declared", "action", "n")
_SHORTEST_KNOWN = 6  #: other values than names are looked for from this length on, and if they are not all words
_WRITTEN = re.compile("[0-9A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gate:
    """What leaves the privacy gate.

    frame : DataFrame of str
        Rows and index as they came in; identifiers gone or pseudonymous, derived columns behind the one they come from
        (`<column>_age`, `_sex`, `_area`, `_place`).
    log : DataFrame
        Lines of the cleaning log; they never hold an identifier.
    found : DataFrame
        One row per column and class: column, identifier ("birth" for a column of birth dates), by ("declared", "name",
        "content", "both"), declared (bool; True for birth dates: there is nothing to declare), action ("dropped",
        "pseudonymised", "masked", "day_dropped"), n (filled cells of a column of identifiers; identifiers masked in another;
        birth dates that lost their day).
    fingerprint : str
        That of the key; blank without a key.
    known : mapping
        Identifier → class, as collected on the way in, for the scan of what is written. It is never written itself.
    told : frozenset of str
        Names with which people of this file said in free text who they or others are: masked in all its free text, in what is
        written beside an option and in the log, and not searched for elsewhere (among answers that are chosen, in written files), as they are only likely names.
    """

    frame: pd.DataFrame
    log: pd.DataFrame
    found: pd.DataFrame
    fingerprint: str
    known: Mapping[str, str] = field(repr=False)
    told: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def undeclared(self) -> pd.DataFrame:
        """Columns of identifiers that the codebook does not declare, to be entered there."""
        return self.found[~self.found["declared"] & (self.found["action"] != "masked")]

    def named(self, names: Mapping[str, str]) -> "Gate":
        """The same with names of variables (by received column) in the log, in place of the headers."""
        shown = {f"{column}_{what}": f"{name}_{what}" for column, name in names.items() for what in DERIVED} | dict(names)
        variables = pd.array([shown.get(v, v) for v in self.log["variable"]], dtype="str")
        return replace(self, log=self.log.assign(variable=variables))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    identifier: str
    by: str
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Passage:
    """What one column leaves behind: the columns in its place, log lines, rows of `found`."""

    columns: Mapping[str, pd.Series]
    logs: Sequence[pd.DataFrame]
    found: Sequence[tuple[str, str, str, bool, str, int]]

    def then(self, later: "_Passage") -> "_Passage":
        """Both, one after the other."""
        return _Passage(columns={**self.columns, **later.columns}, logs=[*self.logs, *later.logs], found=[*self.found, *later.found])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Place:
    """Where log lines point."""

    file: str
    sheet: str
    row_ids: pd.Series

    def whole_column(self, rule: str, column: str, *, old: str, new: str, count: int) -> pd.DataFrame:
        """One line about a column; none where no cell is concerned."""
        lines = log_lines(step=STEP, rule=rule, file=self.file, sheet=self.sheet, variable=column, old=old, new=new, count=count)
        return lines if count else lines.iloc[:0]


def apply_privacy(
    frame: pd.DataFrame, *, declared: Mapping[str, str | None], free_text: Mapping[str, Collection[str]], key: bytes | None, file: str, sheet: str,
    row_ids: Sequence[str] | pd.Index, on: pd.Series | None = None, questions: Sequence[Question] | None = None,
) -> Gate:
    """Take direct identifiers out of a received table.

    Parameters
    ----------
    frame : DataFrame of str
        Received cells, "" where empty.
    declared : mapping
        Column → its class of identifier as the codebook has it (`terms.Identifier`, or `Role.BIRTH` for birth dates); None for
        a column that is none although its header or content looks like it (identifiers inside its cells are masked all the same).
    free_text : mapping
        Columns in which people wrote sentences, for known names, each with the labels of options in it (none: all is written), which hold no told name.
    key : bytes or None
        Key of the pseudonyms; without it columns of identifiers are dropped.
    file, sheet : str
        For the log.
    row_ids : sequence of str
        Lasting name of each row, for the log.
    on : Series of datetime64 (index of `frame`), optional
        Day of each answer; ages are taken on it. Without it no age is derived.
    questions : sequence of Question, optional
        Wording of the questions, read like headers.

    Returns
    -------
    Gate

    Raises
    ------
    CleaningError
        The key is too short (CR-P01); a declared column is not in the table (CR-P06); a derived column has the name of one that
        is there (CR-P07).

    Notes
    -----
    An undeclared column that holds identifiers by its header or content is treated like a declared one and listed in
    `Gate.undeclared`. Of birth dates (declared, or by their header whatever is declared) year and month stay, and the age on
    the day of the answer. No row is dropped.
    """
    fingerprint = key_fingerprint(key) if key is not None else ""
    _require_columns(frame, [*declared, *free_text], file, sheet)
    place = _Place(file=file, sheet=sheet, row_ids=pd.Series(np.asarray(row_ids), index=frame.index, dtype="str"))
    dates = {c: _pass_birth(frame[c], by, on, place) for c, by in _birth_columns(frame, declared, questions).items()}
    frame = frame.assign(**{c: passage.columns[c] for c, passage in dates.items()})
    sizes = {c: float(frame[c].memory_usage(index=False)) for c in frame.columns if c in dates or not declared.get(c)}
    contents = dict(zip(sizes, in_two(lambda c: read_content(frame[c]), [*sizes], is_long=len(frame) >= MANY_ROWS, weights=[*sizes.values()]), strict=True))
    verdicts = _verdicts(frame.drop(columns=[*dates]), declared, contents, questions)
    known = collect_known(frame, {c: v.identifier for c, v in verdicts.items()})
    free = {c: contents[c] for c in frame.columns if c in free_text and c not in verdicts}
    asked = headers_over([c for c in free if not free_text[c]], questions)
    spans = dict(zip(free, in_two(lambda c: spans_under(asked.get(c, []), free[c]), [*free], is_long=len(frame) >= MANY_ROWS), strict=True))
    labels = DIVIDER.join(plain_text(label) for of_column in free_text.values() for label in of_column)
    told = frozenset(name for c, texts in spans.items() for i, of_text in texts.items() for name in told_names(free[c].joined.plains[i], of_text) if name not in labels)
    passages = _passages(frame, verdicts, contents, (known, told, frozenset(c for c in free if free_text[c])), spans, key, on, place)
    passages = [dates[c].then(p) if c in dates else p for c, p in zip(frame.columns, passages, strict=True)]
    _require_new_names(frame, passages, file, sheet)
    return replace(_left_behind(passages, frame.index, fingerprint, known), told=told)


def headers_over(columns: Iterable[str], questions: Sequence[Question] | None) -> dict[str, list[str]]:
    """What stands over each column: its header, and the wording of its question."""
    wording = {column: question.text for question in questions or () for column in question.columns}
    return {column: [str(column), wording.get(column, "")] for column in columns}


def _passages(
    frame: pd.DataFrame, verdicts: Mapping[str, _Verdict], contents: Mapping[str, ColumnContent], known: tuple[Mapping[str, str], frozenset[str], frozenset[str]],
    spans: Mapping[str, Mapping[int, list[Span]]], key: bytes | None, on: pd.Series | None, place: _Place,
) -> list[_Passage]:
    """What every column leaves behind; those in which nothing was found are not sent from process to process.

    `known` are identifiers of columns, names told in texts, and the columns of options, in which these are masked only in what is written
    beside one; `spans` is what was found in free text without them.
    """
    own_names = _everyday_names(frame[[c for c, v in verdicts.items() if v.identifier == Identifier.NAME]])
    everywhere, told = KnownValues(known[0]), KnownValues(dict.fromkeys(known[1], Identifier.NAME.value))

    def passed(column: str) -> _Passage | None:
        if column in verdicts:
            return _pass_identifiers(frame[column], verdicts[column], key, on, place)
        joined = contents[column].joined
        if column in spans:
            found = with_known(joined, spans[column], everywhere)
            return _pass_text(frame[column], joined, with_known(joined, found, told, beside_options=column in known[2]), own_names, place)
        whole = {i: [Span(0, len(joined.texts[i]), c)] for i, c in everywhere.among(joined.plains).items() if _is_meant(joined.texts[i], c)}
        return _pass_text(frame[column], joined, {**contents[column].spans(), **whole}, (), place)

    distinct = [float(1 + len(contents[c].joined.texts)) if c in contents else 1.0 for c in frame.columns]
    passages = in_two(passed, list(frame.columns), is_long=len(frame) >= MANY_ROWS, weights=distinct)
    return [p if p is not None else _Passage(columns={c: frame[c]}, logs=[], found=[]) for c, p in zip(frame.columns, passages, strict=True)]


def _left_behind(passages: Sequence[_Passage], index: pd.Index, fingerprint: str, known: Mapping[str, str]) -> Gate:
    """What all columns leave behind, as one table, log and list."""
    columns = {name: cells for passage in passages for name, cells in passage.columns.items()}
    found = pd.DataFrame([row for p in passages for row in p.found], columns=list(FOUND_COLUMNS)).astype({"declared": bool, "n": "int64"})
    log = join_logs([log for p in passages for log in p.logs])
    return Gate(frame=pd.DataFrame(columns, index=index), log=log, found=found, fingerprint=fingerprint, known=known)


def collect_known(frame: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, str]:
    """Identifiers that stand in columns of identifiers, each with its class; what could be any word or number is left out."""
    known: dict[str, str] = {}
    for column, identifier in columns.items():
        if identifier == Identifier.NAME:
            known |= dict.fromkeys(known_names(frame[column]), identifier)
            continue
        distinct = pd.Series(frame[column].fillna("").unique(), dtype="str")
        normal = normal_identifiers(distinct, identifier).to_list()
        least = LEAST.get(identifier, _SHORTEST_KNOWN)
        pairs = [(raw, tidy) for raw, tidy in zip(distinct.to_list(), normal, strict=True) if len(tidy) >= least and _WRITTEN.search(tidy)]
        known |= dict.fromkeys([raw.strip() for raw, _ in pairs], identifier) | dict.fromkeys([tidy for _, tidy in pairs], identifier)
    return {value: identifier for value, identifier in known.items() if not is_pseudonym(value)}


def _verdicts(
    frame: pd.DataFrame, declared: Mapping[str, str | None], contents: Mapping[str, ColumnContent], questions: Sequence[Question] | None,
) -> dict[str, _Verdict]:
    """Columns of identifiers, declared or found."""
    headers = headers_over(frame.columns, questions)
    verdicts: dict[str, _Verdict] = {}
    for column in frame.columns:
        if column in declared:
            if identifier := declared[column]:
                verdicts[column] = _Verdict(identifier=str(identifier), by="declared", declared=True)
        elif (judged := judge_column(headers[column], contents[column])) and not are_pseudonyms(contents[column]):
            verdicts[column] = _Verdict(identifier=judged[0], by=judged[1], declared=False)
    return verdicts


def are_pseudonyms(content: ColumnContent) -> bool:
    """Whether every answer of a column is a pseudonym already, as in a table that was exported."""
    texts = content.joined.texts
    answers = [text for text, says in zip(texts, has_answer(texts), strict=True) if says]
    return bool(answers) and all(map(is_pseudonym, answers))


# ── columns of identifiers ───────────────────────────────────────────────────────────────────────────────────────────────


def _pass_identifiers(cells: pd.Series, verdict: _Verdict, key: bytes | None, on: pd.Series | None, place: _Place) -> _Passage:
    column, token = str(cells.name), TOKENS[verdict.identifier]
    cells = cells.fillna("")
    filled = int((cells.str.strip() != "").sum())
    columns, logs = _derived(cells, verdict.identifier, on, place)
    if key is None:
        logs.append(place.whole_column("dropped_identifier", column, old=token, new="", count=filled))
    else:
        pseudonyms = pseudonymise(cells, key, purpose=verdict.identifier)
        is_lost = (pseudonyms == "") & (cells.str.strip() != "")
        is_new = (pseudonyms != cells) & ~is_lost
        columns = {column: pseudonyms} | columns
        logs.append(place.whole_column("pseudonymised", column, old=token, new=PSEUDONYM, count=int(is_new.sum())))
        logs.append(place.whole_column("unusable_identifier", column, old=token, new="", count=int(is_lost.sum())))
    action = "dropped" if key is None else "pseudonymised"
    found = [(column, verdict.identifier, verdict.by, verdict.declared, action, filled)]
    return _Passage(columns=columns, logs=logs, found=found)


def _derived(cells: pd.Series, identifier: str, on: pd.Series | None, place: _Place) -> tuple[dict[str, pd.Series], list[pd.DataFrame]]:
    """What a column of identifiers says about persons, as text, and the lines that say so."""
    column, logs = str(cells.name), []
    values: dict[str, pd.Series] = {}
    if identifier == Identifier.IP:
        values = {"place": ip_place(cells)}
    elif identifier == Identifier.NATIONAL_ID:
        facts = derive_from_national_id(cells, on)
        values = {"age": facts["age"], "sex": facts["sex"], "area": facts["area6"]}
        reasons = facts.loc[_is_number(cells) & ~facts["valid"].to_numpy(), "reason"].value_counts().sort_index()
        logs = [place.whole_column(f"national_id_{r}", column, old=TOKENS[identifier], new="", count=int(n)) for r, n in reasons.items()]
    elif identifier == Identifier.MOBILE:
        n_unknown = int((_is_number(cells) & ~is_mobile_in_use(cells)).sum())
        logs = [place.whole_column("mobile_not_in_use", column, old=TOKENS[identifier], new="", count=n_unknown)]
    columns = {f"{column}_{what}": value.astype("str").fillna("") for what, value in values.items() if value.notna().any()}
    columns = {name: value for name, value in columns.items() if (value != "").any()}
    for name, value in columns.items():
        rule = f"derived_{name.removeprefix(f'{column}_')}"
        logs.append(place.whole_column(rule, name, old=TOKENS[identifier], new="", count=int((value != "").sum())))
    return columns, logs


def _is_number(cells: pd.Series) -> NDArray[np.bool_]:
    """Cells that say something and are not yet pseudonyms."""
    texts = cells.to_list()
    return np.asarray(has_answer(texts) & ~np.array([is_pseudonym(t) for t in texts], dtype=bool))


# ── birth dates ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _birth_columns(frame: pd.DataFrame, declared: Mapping[str, str | None], questions: Sequence[Question] | None) -> dict[str, str]:
    """Columns of birth dates, each with by what it was told."""
    headers = headers_over(frame.columns, questions)
    births = {c: "declared" for c in frame.columns if declared.get(c) == Role.BIRTH}
    others = [c for c in frame.columns if not declared.get(c) and is_birth_column(headers[c], frame[c])]
    return births | dict.fromkeys(others, "name")


def _pass_birth(cells: pd.Series, by: str, on: pd.Series | None, place: _Place) -> _Passage:
    """Birth dates to the month, and the ages of those that were given to the day."""
    column, token, cells = str(cells.name), TOKENS[Role.BIRTH], cells.fillna("")
    cut = without_birth_days(cells, token, on)
    columns, n = {column: cut}, int((cut != cells).sum())
    logs = [place.whole_column("birth_day_dropped", column, old=token, new="", count=n)]
    ages = pd.Series("", index=cells.index) if on is None else age_on(exact_birth_dates(cells, on), on).astype("str").fillna("")
    if n_ages := int((ages != "").sum()):
        columns[f"{column}_age"] = ages
        logs.append(place.whole_column("derived_age", f"{column}_age", old=token, new="", count=n_ages))
    return _Passage(columns=columns, logs=logs, found=[(column, Role.BIRTH.value, by, True, DAY_DROPPED, n)] if (cells != "").any() else [])


# ── other columns ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pass_text(
    cells: pd.Series, joined: JoinedTexts, found: Mapping[int, list[Span]], own_names: Sequence[tuple[int, str]], place: _Place
) -> _Passage | None:
    """Mask identifiers inside the cells of a column that is none of identifiers; None where there is none in them."""
    column = str(cells.name)
    per_row = counts(place.row_ids.index, joined, found)
    result = masked(cells, joined, found) if len(per_row) else cells
    result, own = _mask_own_names(result, own_names)
    per_row = pd.concat([per_row, own], ignore_index=True) if len(own) else per_row
    if per_row.empty:
        return None
    tokens = per_row["identifier"].map(TOKENS)
    lines = log_lines(
        step=STEP, rule="masked_text", file=place.file, sheet=place.sheet, row_id=place.row_ids.loc[per_row["row"]].to_numpy(),
        variable=column, old=tokens.to_numpy(), new=tokens.to_numpy(), count=per_row["n"].to_numpy(),
    )
    total = per_row.groupby("identifier")["n"].sum()
    rows = [(column, str(identifier), "content", False, "masked", int(n)) for identifier, n in total.items()]
    return _Passage(columns={column: result}, logs=[lines], found=rows)


def _is_meant(text: str, identifier: str) -> bool:
    """Whether a cell that is a known value is meant as one; a word that somebody put down for a name (一般) is not, in a column of answers."""
    return identifier != Identifier.NAME or bool(name_cells([text])[0])


def _everyday_names(names: pd.DataFrame) -> list[tuple[int, str]]:
    """Names that are also everyday words (高峰), each with the position of its row."""
    found: list[tuple[int, str]] = []
    for column in names:
        own = names[column].fillna("").str.strip()
        rows = np.flatnonzero(own.isin(words_that_are_names()))
        found += zip(rows.tolist(), own.iloc[rows], strict=True)
    return found


def _mask_own_names(cells: pd.Series, own_names: Sequence[tuple[int, str]]) -> tuple[pd.Series, pd.DataFrame]:
    """Everyday words are masked as names in the text of their own row only."""
    changed: dict[int, str] = {}
    rows: list[tuple[object, str, int]] = []
    for position, name in own_names:
        text = changed.get(position, cells.iloc[position])
        if pd.notna(text) and (n := text.count(name)):
            changed[position] = text.replace(name, TOKENS[Identifier.NAME])
            rows.append((cells.index[position], Identifier.NAME.value, n))
    masked_rows = pd.DataFrame(rows, columns=["row", "identifier", "n"])
    if not rows:
        return cells, masked_rows
    result = cells.copy()
    result.iloc[list(changed)] = list(changed.values())
    return result, masked_rows


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _require_columns(frame: pd.DataFrame, wanted: Sequence[str], file: str, sheet: str) -> None:
    absent = [c for c in dict.fromkeys(wanted) if c not in frame.columns]
    if absent:
        raise CleaningError(*(Failure(code="CR-P06", values={"file": file, "sheet": sheet, "column": c}) for c in absent))


def _require_new_names(frame: pd.DataFrame, passages: Sequence[_Passage], file: str, sheet: str) -> None:
    made = [(original, name) for original, p in zip(frame.columns, passages, strict=True) for name in p.columns if name != original]
    taken = [(original, name) for original, name in made if name in frame.columns]
    if taken:
        raise CleaningError(*(Failure(code="CR-P07", values={"file": file, "sheet": sheet, "column": o, "name": n}) for o, n in taken))
