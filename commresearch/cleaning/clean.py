"""Cleaning a survey: from received cells to typed, pseudonymous answers, with every change on record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from commresearch.cleaning.clean_table import ROWS_OUT, ROWS_READ, CleanTable
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.corrections import LIST_NAME, apply_corrections, load_corrections, misdirected, tidied, unreadable_corrections
from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.duplicate_decisions import apply_decisions, decision_sheet, load_decisions
from commresearch.cleaning.fit import Placement, find_variables, unknown_answers, unwritable_names
from commresearch.cleaning.masking import TOKENS, mask_log
from commresearch.cleaning.missing import NONE, KindCodes, kinds_of, split_missing
from commresearch.cleaning.privacy import MANY_ROWS, Gate, apply_privacy
from commresearch.cleaning.ranges import apply_ranges
from commresearch.cleaning.rules import LogicRule, check_rules
from commresearch.cleaning.signs import duplicate_groups, response_flags
from commresearch.cleaning.skips import recompute_skips
from commresearch.cleaning.typed import Cells, Typed, all_typed, logs_of, type_variable
from commresearch.cleaning.unread_columns import log_of_unread, unread_columns, unread_identifiers
from commresearch.cleaning.variable import ABSENT, Variable
from commresearch.errors import CleaningError, CommResearchError, Failure, SchemaError
from commresearch.records import join_logs
from commresearch.sources import ROW_RULES, CellType, RawTable
from commresearch.sources.platforms import is_utc
from commresearch.terms import Export, Identifier, Role, VariableType
from commresearch.words import entries

DECISIONS_NAME = "duplicates.xlsx"
OF_CORRECTIONS = "CR-D"
DERIVED: Mapping[str, tuple[VariableType, str]] = {
    "age": (VariableType.NUMBER, "岁"), "sex": (VariableType.SINGLE, ""), "area": (VariableType.TEXT, ""), "place": (VariableType.TEXT, ""),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """One received file, typed."""

    raw: RawTable
    ids: pd.Index
    typed: list[Typed]
    variables: list[Variable]
    log: pd.DataFrame
    gate: Gate
    ip: pd.Series | None
    undeclared: Mapping[str, str]
    unread: Sequence[str]


class _Listed(NamedTuple):
    """A table that people keep, and the name that messages give it."""

    table: pd.DataFrame | None
    name: str

    @classmethod
    def of(cls, given: pd.DataFrame | str | Path | None, name: str, load: Callable[[Path], pd.DataFrame]) -> "_Listed":
        table, name = (load(Path(given)), Path(given).name) if isinstance(given, str | Path) else (given, name)
        if table is not None and table.index.equals(pd.RangeIndex(len(table))):  # made in Python; messages name rows by the index, and there is no row 0
            table = table.set_axis(range(1, len(table) + 1))
        return cls(table, name)


def clean_survey(
    raw: RawTable | Sequence[RawTable], codebook: Codebook, *, corrections: pd.DataFrame | str | Path | None = None, pseudonym_key: bytes | None = None,
    decisions: pd.DataFrame | str | Path | None = None, rules: Sequence[LogicRule] = (), shortest_seconds: float | None = None,
) -> CleanTable:
    """Clean a survey by its codebook.

    Parameters
    ----------
    raw : RawTable or sequence of them
        The received file, or the files that one survey was exported in (of the same kind of export).
    codebook : Codebook
        What the variables are; columns that it does not name stay out.
    corrections : DataFrame or path, optional
        Corrections of single cells, each with the old value that must be found, a reason, a person and a date.
    pseudonym_key : bytes, optional
        Key of the pseudonyms that replace direct identifiers; without it they are dropped.
    decisions : DataFrame or path, optional
        What was decided about possible duplicates: the sheet `duplicates`, filled in.
    rules : sequence of LogicRule
        Answers that cannot both be true; breaches are flagged.
    shortest_seconds : float, optional
        Shortest time in which the questionnaire can be read, from the pilot.

    Returns
    -------
    CleanTable
        Rows read equal rows out plus rows set aside by named rules; every changed or dropped value has a line in `log`.

    Raises
    ------
    SchemaError
        The codebook does not fit: headers, numbers that lost digits in the file, answers it does not have. All together.
    CleaningError
        Corrections or decisions that do not fit the data, a pseudonym key that is too short. All together.

    Notes
    -----
    The order is: corrections, identifiers, kinds of missing and types, skips, ranges, logic, duplicates, signs of careless filling.
    Cleaning the same files twice gives the same table, and rows may come in any order.
    """
    raws = [raw] if isinstance(raw, RawTable) else list(raw)
    parts = _parts(raws, codebook, _Listed.of(corrections, LIST_NAME, load_corrections), pseudonym_key)
    settled = _settle(parts, _codebook_of(parts, codebook), rules, _place(raws))
    return _finish(parts, settled, codebook, _Listed.of(decisions, DECISIONS_NAME, load_decisions), shortest_seconds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Settled:
    """The typed parts as one table, after skips, ranges and logic rules."""

    codebook: Codebook
    frame: pd.DataFrame
    kinds: dict[str, KindCodes]
    counts: pd.DataFrame
    log: pd.DataFrame
    place: Mapping[str, str]


def _place(raws: Sequence[RawTable]) -> dict[str, str]:
    """File and sheet of lines about the whole table; blank where it comes from several files."""
    return {"file": raws[0].path.name, "sheet": raws[0].sheet} if len(raws) == 1 else {"file": "", "sheet": ""}


def _settle(parts: Sequence[_Part], codebook: Codebook, rules: Sequence[LogicRule], place: Mapping[str, str]) -> _Settled:
    frame, kinds = _joined(parts, codebook)
    contradictions, skip_log = recompute_skips(codebook, frame, kinds, place)
    frame, range_log = apply_ranges(codebook, frame, kinds, place)
    broken, rule_log = check_rules(list(rules), frame, place)
    log = join_logs([*(p.log for p in parts), skip_log, range_log, rule_log])
    return _Settled(codebook=codebook, frame=frame, kinds=kinds, counts=contradictions.join(broken), log=log, place=place)


def _finish(
    parts: Sequence[_Part], settled: _Settled, codebook: Codebook, decisions: _Listed, shortest_seconds: float | None
) -> CleanTable:
    """Duplicates and signs of careless filling; then everything that a clean table holds."""
    frame, raws = settled.frame, [p.raw for p in parts]
    ip = pd.concat([p.ip for p in parts]) if all(p.ip is not None for p in parts) else None
    groups = duplicate_groups(settled.codebook, frame, ip)
    applied = apply_decisions(frame, groups, decisions.table, sheet_file=decisions.name, **settled.place) if decisions.table is not None else None
    kept = frame if applied is None else applied.frame
    flags = response_flags(
        settled.codebook, frame, settled.kinds, groups if applied is None else applied.open_rows, all_groups=groups, counts=settled.counts,
        shortest_seconds=shortest_seconds,
    ).loc[kept.index]
    where = frame.index.get_indexer(kept.index)
    kinds = pd.DataFrame({c: kinds_of(settled.kinds[c][where], kept.index) for c in kept.columns}, index=kept.index)
    known = {k: v for p in parts for k, v in p.gate.known.items()}
    named = {**{name: Identifier.NAME.value for p in parts for name in p.gate.told}, **known}
    return CleanTable(
        frame=kept, codebook=settled.codebook, missing_kinds=kinds, flags=flags,
        log=_masked(join_logs([settled.log, *([applied.log] if applied is not None else [])]), named), account=_account(raws, pd.Series(dtype="str") if applied is None else applied.dropped["rule"], len(kept)),
        duplicates=decision_sheet(groups, frame, decided=decisions.table), identifiers=_identifiers(parts),
        provenance=_provenance(raws, codebook, parts[0].gate.fingerprint), known=known, given=codebook,
    )


def _parts(raws: Sequence[RawTable], codebook: Codebook, corrections: _Listed, key: bytes | None) -> list[_Part]:
    """Every file typed; what is wrong with any of them is reported together."""
    parts: list[_Part] = []
    errors: list[CommResearchError] = []
    corrections = _directed(raws, corrections, errors)
    for raw in raws:
        try:
            parts.append(_part(raw, codebook, corrections, key))
        except CommResearchError as error:
            errors.append(error)
    if errors:
        kind = SchemaError if any(isinstance(e, SchemaError) for e in errors) else CleaningError
        raise kind(*(f for e in errors for f in e.failures))
    found = {name: identifier for part in parts for name, identifier in part.undeclared.items()}
    if any(part.undeclared != found for part in parts):  # what names persons in one file does so in all
        told = replace(codebook, variables=tuple(replace(v, identifier=Identifier(found[v.name])) if v.name in found else v for v in codebook))
        parts = [part if part.undeclared == found else _part(part.raw, told, corrections, key) for part in parts]
    return parts


def _directed(raws: Sequence[RawTable], corrections: _Listed, errors: list[CommResearchError]) -> _Listed:
    """The corrections without those that name no other file and yet are meant for none of these, or for several."""
    if corrections.table is None:
        return corrections
    table = tidied(corrections.table)
    if failures := misdirected(table[table["file"].isin([*(raw.path.name.strip() for raw in raws), ""])], raws, list_name=corrections.name):
        errors.append(CleaningError(*failures))
    return corrections._replace(table=table.drop(index=[f.values["row"] for f in failures]))


def _part(raw: RawTable, codebook: Codebook, corrections: _Listed, key: bytes | None) -> _Part:
    """One file typed, or everything that is wrong with it."""
    faults: list[Failure] = []
    try:
        part = _typed_part(raw, codebook, corrections, key, faults)
    except CommResearchError as error:
        raise (SchemaError if faults else type(error))(*faults, *error.failures) from None
    if faults:
        raise (CleaningError if all(f.code.startswith(OF_CORRECTIONS) for f in faults) else SchemaError)(*faults)
    return part


def _typed_part(raw: RawTable, codebook: Codebook, corrections: _Listed, key: bytes | None, faults: list[Failure]) -> _Part:
    """One file typed as far as it can be; headers that are not there hide no answer that the codebook does not have."""
    placements, missing = find_variables(codebook, raw)
    faults += missing
    cells, correction_log, unsettled = _corrected(raw, placements, corrections, faults)
    types = _types_of(raw, cells)
    ids = raw.row_ids
    gate = _gate(raw, cells, placements, key, ids)
    ip = next((cells[p.columns[0]].set_axis(ids) for p in placements if p.variable.role is Role.IP and p.columns), None)
    received: list[Cells] = []
    variables = []
    for placement in placements:
        there = [c for c in placement.columns if c in gate.frame.columns]
        if placement.columns and not there:
            continue  # identifiers that were dropped
        order = raw.frame.columns.get_indexer(pd.Index(there))
        received.append(Cells(
            texts=gate.frame[there].set_axis(ids), other=gate.frame[placement.other].set_axis(ids) if placement.other in gate.frame else None, types=None if types is None else types[:, order], platform=raw.platform, export=raw.export,
            file=raw.path.name, sheet=raw.sheet,
        ))
        variables.append(placement.variable)
    for variable, values in _derived(placements, gate):
        if variable.name in codebook:
            faults.append(Failure(code="CR-P07", values={"file": raw.path.name, "sheet": raw.sheet, "column": values.name, "name": variable.name}))
            continue
        received.append(_derived_cells(values.set_axis(ids), raw))
        variables.append(variable)
    typed = all_typed(variables, received, ids, is_long=len(ids) >= MANY_ROWS)
    unknown = {v.name: (v, one.unknown) for v, one in zip(variables, typed, strict=True) if v.name not in unsettled}
    faults += [*unwritable_names(raw, codebook, placements, gate.known), *unknown_answers(raw, placements, cells, unknown)]
    unread = unread_columns(raw, placements)
    names, typed_log = {column: p.variable.name for p in placements for column in p.columns}, logs_of(typed)
    faults += unreadable_corrections(correction_log, typed_log, names, list_name=corrections.name)
    log = join_logs([_with_row_ids(raw.log, raw), log_of_unread(raw, unread), _without_names(correction_log, placements, gate), gate.log, typed_log])
    undeclared = {names[c]: str(i) for c, i in gate.undeclared[["column", "identifier"]].itertuples(index=False) if c in names}
    return _Part(raw=raw, ids=ids, typed=typed, variables=variables, log=log, gate=gate, ip=ip, undeclared=undeclared, unread=unread)


def _corrected(
    raw: RawTable, placements: Sequence[Placement], corrections: _Listed, faults: list[Failure]
) -> tuple[pd.DataFrame, pd.DataFrame, frozenset[str]]:
    """The corrected cells, the log of it, and variables of which nothing can be said because their corrections failed.

    A correction of a variable whose header is not in the file is not held against the list as well.
    """
    lost = {str(f.values[name]) for f in faults for name in ("variable", "got")}
    table = corrections.table if corrections.table is None else corrections.table[~corrections.table["variable"].isin(lost)]
    try:
        return *apply_corrections(raw, list(placements), table, list_name=corrections.name), frozenset()
    except CleaningError as error:
        faults += error.failures
    named = set() if table is None else set(table["variable"])
    return raw.frame.copy(), join_logs([]), frozenset(p.variable.name for p in placements if named & {p.variable.name, *p.columns})


def _without_names(log: pd.DataFrame, placements: Sequence[Placement], gate: Gate) -> pd.DataFrame:
    """The log of corrections; those of identifiers do not say what was corrected."""
    identifiers = gate.found[gate.found["action"] != "masked"]
    tokens = {str(column): TOKENS[identifier] for column, identifier in zip(identifiers["column"], identifiers["identifier"], strict=True)}
    tokens |= {p.variable.name: tokens[c] for p in placements for c in p.columns if c in tokens}
    shown = log["variable"].map(tokens)
    return log.assign(old=log["old"].where(shown.isna(), shown), new=log["new"].where(shown.isna(), shown))


def _derived_cells(values: pd.Series, raw: RawTable) -> Cells:
    return Cells(
        texts=values.to_frame(), other=None, types=None, platform=raw.platform, export=Export.CODE, file=raw.path.name, sheet=raw.sheet
    )


def _types_of(raw: RawTable, cells: pd.DataFrame) -> "np.ndarray | None":
    """Types of the cells; a corrected one is text, whatever stood there."""
    if raw.types is None:
        return None
    corrected = (cells != raw.frame).to_numpy(dtype=bool)
    return np.where(corrected, np.uint8(CellType.TEXT), raw.types) if corrected.any() else raw.types


def _gate(raw: RawTable, cells: pd.DataFrame, placements: Sequence[Placement], key: bytes | None, ids: pd.Index) -> Gate:
    """The received columns that the codebook uses, behind the privacy gate."""
    used = cells[list(dict.fromkeys(c for p in placements for c in (*p.columns, p.other) if c))]
    marked = _without_markers(used, placements)
    declared: dict[str, str | None] = {}
    for p in placements:
        named = p.variable.identifier or (p.variable.role if p.variable.role is Role.BIRTH else None)
        if named or p.variable.type is not VariableType.TEXT:  # whatever a text is for, it is judged by header and content
            declared |= dict.fromkeys((*p.columns, *([p.other] if p.other else [])), str(named) if named else None)
    labels = {VariableType.TEXT: [], VariableType.SINGLE: (every := [label for p in placements for label in p.variable.values.values()]), VariableType.MULTIPLE: every}
    written = [p for p in placements if not p.variable.identifier and p.variable.type in labels]
    free = {c: [] if c == p.other else labels[p.variable.type] for p in written for c in (*p.columns, p.other) if c}
    submitted = next((p.columns[0] for p in placements if p.variable.role is Role.SUBMITTED and p.columns), None)
    on = parse_dates(used[submitted], is_utc=is_utc(submitted, raw.platform)).values if submitted else None
    gate = apply_privacy(
        used.assign(**marked), declared=declared, free_text=free, key=key, file=raw.path.name, sheet=raw.sheet, row_ids=ids, on=on, questions=raw.questions
    )
    put_back = {c: gate.frame[c].where(marked[c] == used[c], used[c]) for c in marked if c in gate.frame.columns}
    corrected = [c for c in used if not used[c].equals(raw.frame[c])]  # the log of corrections must not quote a day either
    told = (gate.found["action"] != "day_dropped") | (gate.found["n"] > 0) | gate.found["column"].isin(corrected)
    names = {c: p.variable.name for p in placements for c in p.columns} | {p.other: p.variable.other for p in placements if p.other}
    return replace(gate, frame=gate.frame.assign(**put_back), found=gate.found[told].reset_index(drop=True)).named(names)


def _without_markers(used: pd.DataFrame, placements: Sequence[Placement]) -> dict[str, pd.Series]:
    """Columns of names, texts and dates with marks of missing left blank, so that (空) is not taken for somebody's name."""
    blank = {}
    for placement in placements:
        if placement.variable.type in {VariableType.TEXT, VariableType.DATE}:
            for column in placement.columns:
                answers, kinds = split_missing(used[column], placement.variable.markers)
                if (kinds != NONE).any():
                    blank[column] = answers
    return blank


def _derived(placements: Sequence[Placement], gate: Gate) -> Iterator[tuple[Variable, pd.Series]]:
    """What identifiers said of their holders, as variables of their own."""
    received = {c for p in placements for c in (*p.columns, p.other)}
    for placement in placements:
        for column in placement.columns:
            for what, (kind, unit) in DERIVED.items():
                if (name := f"{column}_{what}") in gate.frame.columns and name not in received:
                    values, labels = ({"1": "男", "2": "女"}, {"1": "Male", "2": "Female"}) if what == "sex" else ({}, {})
                    yield Variable(
                        name=f"{placement.variable.name}_{what}", type=kind, source=ABSENT, question_zh=entries("dictionary")[f"derived_{what}"]["zh"],
                        question_en=entries("dictionary")[f"derived_{what}"]["en"], values=values, labels_en=labels, unit=unit,
                        quasi=what in {"age", "sex", "area"},
                    ), gate.frame[name]


def _codebook_of(parts: Sequence[_Part], codebook: Codebook) -> Codebook:
    """What passed the privacy gate, with what identifiers said of their holders."""
    passed = {v.name: v for part in parts for v in part.variables}
    derived = [v for v in passed.values() if v.name not in codebook]
    return Codebook(variables=(*(v for v in codebook if v.name in passed), *derived), name=codebook.name)


def _joined(parts: Sequence[_Part], codebook: Codebook) -> tuple[pd.DataFrame, dict[str, KindCodes]]:
    """The parts under each other; what could be derived in one file only is blank in the others."""
    frames, codes = [], []
    for part in parts:
        there, ids = {v.name for v in part.variables}, part.ids
        blank = pd.Series("", index=ids, dtype="str")
        typed = [*part.typed, *(type_variable(v, _derived_cells(blank, part.raw)) for v in codebook if v.name not in there)]
        frames.append(pd.DataFrame({n: s for t in typed for n, s in t.columns.items()}, index=ids))
        codes.append({n: k for t in typed for n, k in t.kinds.items()})
    frame = frames[0] if len(frames) == 1 else pd.concat(frames)
    kinds = {c: np.concatenate([k[c] for k in codes]) for c in frame.columns}
    frame.index.name = "row_id"
    return frame, kinds


def _with_row_ids(log: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    """Lines of the reading, with the lasting names of rows instead of their numbers."""
    named = f"{raw.sha256[:8]}:{raw.sheet}:" + log["row_id"]
    return log.assign(row_id=named.where(log["row_id"].str.fullmatch(r"[0-9]+"), log["row_id"]))


def _masked(log: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """The log with identifiers masked wherever a cell is quoted or a person wrote."""
    log = log if "reason" in log else log.assign(reason="")
    return mask_log(log.assign(reason=log["reason"].fillna("").astype("str")), known).reset_index(drop=True)


def _account(raws: Sequence[RawTable], dropped: pd.Series, n_out: int) -> pd.DataFrame:
    """Rows read, rows set aside by each rule, rows left."""
    log = pd.concat([r.log for r in raws], ignore_index=True)
    aside = log[log["rule"].isin(ROW_RULES)].groupby("rule", sort=True)["count"].sum()
    gone = dropped.value_counts().sort_index()
    rows = [
        ("reading", ROWS_READ, sum(r.n_rows_read for r in raws)), *(("reading", str(rule), int(n)) for rule, n in aside.items()),
        *(("duplicates", str(rule), int(n)) for rule, n in gone.items()), ("", ROWS_OUT, n_out),
    ]
    return pd.DataFrame(rows, columns=["step", "rule", "rows"])


def _identifiers(parts: Sequence[_Part]) -> pd.DataFrame:
    found = [t.assign(file=p.raw.path.name) for p in parts for t in (p.gate.found, unread_identifiers(p.raw, p.unread))]
    return pd.concat(found, ignore_index=True)


def _provenance(raws: Sequence[RawTable], codebook: Codebook, fingerprint: str) -> dict[str, str]:
    return {
        "files": "; ".join(f"{r.path.name} {r.sha256}" for r in raws), "platform": raws[0].platform.value, "export": raws[0].export.value,
        "encoding": raws[0].encoding, "codebook": codebook.name, "codebook_hash": codebook.content_hash, "key_fingerprint": fingerprint,
    }

