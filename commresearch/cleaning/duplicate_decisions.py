"""What people decide about rows that may be duplicates: a sheet that is filled in by hand, checked, and applied."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pandas as pd

from commresearch.cleaning.duplicates import DuplicateKind
from commresearch.errors import CleaningError, Failure
from commresearch.records import join_logs, log_lines
from commresearch.terms import Role

FILLED_IN = ("decision", "reason", "decided_by", "date")
REQUIRED = ("group_id", "row_id", "decision", "reason")
RULES = {
    DuplicateKind.KEY: "duplicate_key", DuplicateKind.PERSON: "duplicate_person", DuplicateKind.CONTENT: "duplicate_content",
    DuplicateKind.PERCENT_MATCH: "duplicate_match",
}
DROPPED_COLUMNS = ("row_id", "rule", "group_id", "matched_with", "reason", "decided_by", "date")
STEP = "duplicates"


class Decision(StrEnum):
    """What becomes of a row. `keep_last` is for copies with one key: the one submitted last stays."""

    KEEP = "keep"
    DROP = "drop"
    KEEP_LAST = "keep_last"


WORDS = {**{d.value: d for d in Decision}, "保留": Decision.KEEP, "删除": Decision.DROP, "保留最后": Decision.KEEP_LAST}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AppliedDecisions:
    """What is left and what is not.

    frame
        the rows that stay, in their order
    log
        one line per dropped row, in the columns of the cleaning log and its `reason`
    dropped
        row_id, rule, group_id, matched_with, reason, decided_by, date
    open_rows
        the lines of `groups` that nobody has decided on; their rows stay
    """

    frame: pd.DataFrame
    log: pd.DataFrame
    dropped: pd.DataFrame
    open_rows: pd.DataFrame


def load_decisions(path: str | Path) -> pd.DataFrame:
    """A filled-in sheet; the index is the row that a spreadsheet shows.

    Raises
    ------
    SourceError
        The file cannot be read.
    CleaningError
        CR-D10 columns missing.
    """
    from commresearch.sources.tables import FIRST_ROW, read_table

    sheet = read_table(path)
    _require_columns(sheet, Path(path).name)
    return sheet.set_axis(sheet.index + FIRST_ROW)


def _require_columns(sheet: pd.DataFrame, file: str) -> None:
    if missing := [c for c in REQUIRED if c not in sheet.columns]:
        raise CleaningError(Failure(code="CR-D10", values={"file": file, "missing": ", ".join(missing), "allowed": ", ".join(REQUIRED)}))


def decision_sheet(
    groups: pd.DataFrame, frame: pd.DataFrame, *, decided: pd.DataFrame | None = None, shown: Iterable[str] = ()
) -> pd.DataFrame:
    """The groups as a table to fill in.

    Parameters
    ----------
    groups, frame : DataFrame
        Of `find_duplicates`, and what it was given.
    decided : DataFrame, optional
        An earlier sheet; what was filled in for rows of groups that are still the same is kept.
    shown : iterable of str
        Further columns of `frame` to show beside each row.

    Returns
    -------
    DataFrame
        `groups`, the columns to show, and `decision`, `reason`, `decided_by`, `date`, blank where nobody has decided.
    """
    rows = frame.set_axis(frame.index.astype("str"))
    extra = rows.loc[groups["row_id"], [c for c in shown if c not in groups.columns]].reset_index(drop=True)
    sheet = pd.concat([groups.reset_index(drop=True), extra], axis=1)
    if decided is None:
        return sheet.assign(**dict.fromkeys(FILLED_IN, ""))
    keys = ["group_id", "row_id"]
    earlier = _as_text(decided.reindex(columns=[*keys, *FILLED_IN])).drop_duplicates(keys)
    sheet = sheet.merge(earlier, on=keys, how="left")
    return sheet.assign(**{c: sheet[c].fillna("") for c in FILLED_IN})


def apply_decisions(
    frame: pd.DataFrame, groups: pd.DataFrame, decisions: pd.DataFrame, *, sheet_file: str = "duplicates.xlsx", file: str = "",
    sheet: str = "",
) -> AppliedDecisions:
    """Drop the rows that somebody has decided to drop, with a reason; all others stay.

    Parameters
    ----------
    frame, groups : DataFrame
        What `find_duplicates` was given, and its result.
    decisions : DataFrame
        A filled-in `decision_sheet`; its index is the row number that a spreadsheet shows. `decision` is keep, drop or keep_last
        (保留, 删除, 保留最后). Within a group with a decision, a blank one means keep.
    sheet_file : str
        Name of the sheet in messages.
    file, sheet : str
        Where the rows come from, for the log.

    Returns
    -------
    AppliedDecisions
        A group without a decision is open, unless all its rows are exempt (filled in by staff): these stay without a decision.

    Raises
    ------
    CleaningError
        All faults of the sheet at once: CR-D10 columns missing; CR-D11 unknown decision; CR-D12 no reason; CR-D13 row no longer in the
        data; CR-D14 lines of a group deleted by hand; CR-D15 every row of a group dropped; CR-D16 group no longer there or changed;
        CR-D17 row listed twice; CR-D18 keep_last beside another decision or without a key; CR-D19 last one not known.
    """
    _require_columns(decisions, sheet_file)
    lines = _as_text(decisions.reindex(columns=[*REQUIRED, "decided_by", "date"]))
    lines = lines[(lines != "").any(axis=1)].assign(place=lambda t: t.index)
    failures = [*_unreadable(lines, frame, sheet_file), *_not_as_listed(lines, groups, frame, sheet_file)]
    lines["decision"] = lines["decision"].map(_word)
    table = groups.reset_index(drop=True).merge(lines.drop_duplicates(["group_id", "row_id"]), on=["group_id", "row_id"], how="left")
    table["decision"], table["reason"] = table["decision"].fillna(""), table["reason"].fillna("")
    table, more = _keep_last_resolved(table, sheet_file)
    failures += [*more, *_nothing_left(table, sheet_file)]
    if failures:
        raise CleaningError(*failures)
    dropped = table[table["decision"] == Decision.DROP]
    is_open = (table["decision"] == "").groupby(table["group_id"]).transform("all") & ~table.groupby("group_id")["exempt"].transform("all")
    return AppliedDecisions(
        frame=frame[~frame.index.astype("str").isin(dropped["row_id"])], log=_log(dropped, file, sheet),
        dropped=_rules(dropped)[list(DROPPED_COLUMNS)].reset_index(drop=True), open_rows=groups[is_open.to_numpy()].reset_index(drop=True),
    )


def _as_text(sheet: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text without spaces around it, blank where empty."""
    return pd.DataFrame({c: sheet[c].astype("object").where(sheet[c].notna(), "").astype("str").str.strip() for c in sheet})


def _word(written: str) -> str:
    """The decision that a word stands for; the word itself where it stands for none."""
    found = WORDS.get(written.lower())
    return written if found is None else found.value


def _unreadable(lines: pd.DataFrame, frame: pd.DataFrame, file: str) -> list[Failure]:
    """Lines that are wrong by themselves."""
    word = lines["decision"].map(_word)
    is_gone = ~lines["row_id"].isin(frame.index.astype("str")) & (word != "")
    return [
        *(Failure(code="CR-D11", values=v) for v in _values(lines[~word.isin([*Decision, ""])], file)),
        *(Failure(code="CR-D12", values=v) for v in _values(lines[(word == Decision.DROP) & (lines["reason"] == "")], file)),
        *(Failure(code="CR-D13", values=v) for v in _values(lines[is_gone], file)),
        *(Failure(code="CR-D17", values=v) for v in _values(lines[lines.duplicated(["row_id"])], file)),
    ]


def _values(lines: pd.DataFrame, file: str) -> list[dict[str, object]]:
    """What a message about a line of the sheet says."""
    fixed = {"file": file, "allowed": ", ".join(WORDS)}
    return [{**fixed, "row": line.place, "row_id": line.row_id, "got": line.decision} for line in lines.itertuples()]


def _not_as_listed(lines: pd.DataFrame, groups: pd.DataFrame, frame: pd.DataFrame, file: str) -> list[Failure]:
    """Groups of the sheet that are not those of the data."""
    pair = ["group_id", "row_id"]
    member = pd.MultiIndex.from_frame(lines[pair]).isin(pd.MultiIndex.from_frame(groups[pair]))
    known = lines["row_id"].isin(frame.index.astype("str"))
    by_group = lines.assign(member=member, known=known, decided=lines["decision"] != "").groupby("group_id", sort=False)
    listed = by_group.agg(place=("place", "first"), member=("member", "all"), known=("known", "all"), decided=("decided", "any"))
    n_listed = lines.drop_duplicates(pair).groupby("group_id").size().reindex(listed.index)
    n_copies = groups.groupby("group_id").size().reindex(listed.index)
    failures = []
    is_changed = ~listed["member"] & listed["known"] & listed["decided"]  # rows that are gone are reported one by one
    for group, line in listed[is_changed].iterrows():
        failures.append(Failure(code="CR-D16", values={"file": file, "row": line["place"], "group": group}))
    for group, line in listed[listed["member"] & (n_listed < n_copies)].iterrows():
        absent = set(groups.loc[groups["group_id"] == group, "row_id"]) - set(lines.loc[lines["group_id"] == group, "row_id"])
        values = {"file": file, "row": line["place"], "group": group, "missing": ", ".join(sorted(absent))}
        failures.append(Failure(code="CR-D14", values=values))
    return failures


def _keep_last_resolved(table: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Failure]]:
    """`keep_last` as keep and drop, for all copies with the key; what is written for one of them stands for all."""
    by_key = [table["group_id"], table["key"]]
    asked = table["decision"] == Decision.KEEP_LAST
    is_mixed = (table["key"] == "") | (table["kind"] != DuplicateKind.KEY) | ~table["decision"].isin([Decision.KEEP_LAST, ""])
    time = table[Role.SUBMITTED.value]
    is_last = time == time.groupby(by_key).transform("max")
    written = table[["reason", "decided_by", "date"]].replace("", pd.NA)
    filled = written.fillna(written.groupby(by_key).transform("first")).fillna("")
    mixed = is_mixed.groupby(by_key).transform("any")
    unordered = ~mixed & (time.isna().groupby(by_key).transform("any") | (is_last.groupby(by_key).transform("sum") != 1))
    first = table[asked].drop_duplicates(["group_id", "key"]).index
    failures = [
        *(Failure(code="CR-D12", values=v) for v in _key_values(table.loc[first][filled.loc[first, "reason"] == ""], file)),
        *(Failure(code="CR-D18", values=v) for v in _key_values(table.loc[first][mixed[first]], file)),
        *(Failure(code="CR-D19", values=v) for v in _key_values(table.loc[first][unordered[first]], file)),
    ]
    resolved = asked.groupby(by_key).transform("any") & ~mixed & ~unordered
    decision = table["decision"].mask(resolved, is_last.map({True: Decision.KEEP.value, False: Decision.DROP.value}))
    return table.assign(decision=decision, **{str(c): table[c].mask(resolved, filled[c]) for c in filled}), failures


def _key_values(lines: pd.DataFrame, file: str) -> list[dict[str, object]]:
    """What a message about copies with one key says."""
    return [v | {"group": g, "key": k} for v, g, k in zip(_values(lines, file), lines["group_id"], lines["key"], strict=True)]


def _nothing_left(table: pd.DataFrame, file: str) -> list[Failure]:
    """Groups of which no row would stay."""
    failures = []
    gone = table[(table["decision"] == Decision.DROP).groupby(table["group_id"]).transform("all")]
    for group, part in gone.groupby("group_id", sort=False):
        values = {"file": file, "row": part["place"].iloc[0], "group": group, "rows": ", ".join(part["row_id"])}
        failures.append(Failure(code="CR-D15", values=values))
    return failures


def _rules(dropped: pd.DataFrame) -> pd.DataFrame:
    blank = {c: dropped[c].fillna("") for c in ("decided_by", "date")}
    return dropped.assign(rule=[RULES[DuplicateKind(k)] for k in dropped["kind"]], **blank)


def _log(dropped: pd.DataFrame, file: str, sheet: str) -> pd.DataFrame:
    """One line per dropped row: `old` is the group, `reason` what the person wrote."""
    logs = [join_logs([]).assign(reason=pd.Series(dtype="str"))]
    for rule, part in _rules(dropped).groupby("rule", sort=False):
        who = (part["decided_by"] + ", " + part["date"]).str.strip(", ")
        reasons = part["reason"].where(who == "", part["reason"] + " (" + who + ")")
        lines = log_lines(step=STEP, rule=str(rule), file=file, sheet=sheet, row_id=part["row_id"].tolist(), old=part["group_id"].tolist())
        logs.append(lines.assign(reason=reasons.tolist()))
    return pd.concat(logs[1:] or logs, ignore_index=True)
