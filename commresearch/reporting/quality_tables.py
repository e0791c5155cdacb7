"""What the report on a survey counts: rows, cells, kinds of missing, identifiers, flags. Nothing is estimated here."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cleaning.clean_table import ROWS_OUT, ROWS_READ, CleanTable
from commresearch.cleaning.effort import ANY_FLAG
from commresearch.cleaning.fit import ABSENT
from commresearch.cleaning.variable import Variable
from commresearch.terms import MissingKind, Role, VariableType
from commresearch.words.precision import half_interval

CODE_EXPORT = "code_export"  #: file that only explains the options of another; no answers are read from it
READING = "reading"  #: step of the account whose rows were no answer sheets
#: What became of a cell, the most telling first: a cell with several log lines counts under the first of them.
TREATMENTS = ("unreadable", "missing", "corrected", "masked", "rewritten", "kept")
CHANGED = ("unreadable", "corrected", "masked", "rewritten")
KEPT_RULES = frozenset({"answered_though_skipped", "skipped_though_asked", "logic_rule", "contradictory_option", "unexpected_fill"})
MISSING_RULES = frozenset({"missing_marker", "skip_recomputed", "partly_blank", "inconsistent_skip"})
STEPS_OF_CELLS = ("corrections", "types", "missing", "skips", "ranges", "logic")
UNASKED = (MissingKind.SKIPPED, MissingKind.NOT_EXPORTED)
KINDS_SHOWN = tuple(k for k in MissingKind if k not in UNASKED)
FILES = re.compile(r"(.+?) ([0-9a-f]{64})(?:; |$)")
LONGEST_EXAMPLE, EXAMPLES = 24, 12


# ---------------------------------------------------------------- files, rows, cells


def received_files(provenance: Mapping[str, object]) -> list[tuple[str, str]]:
    """Name and hash of every received file: those with the answers, then the code export beside a text export."""
    return [(name, digest) for key in ("files", CODE_EXPORT) for name, digest in FILES.findall(str(provenance.get(key, "")))]


def rows_aside(clean: CleanTable) -> list[tuple[str, str, int]]:
    """Step, rule and number of the rows that do not stay."""
    lines = clean.account[~clean.account["rule"].isin([ROWS_READ, ROWS_OUT]) & (clean.account["rows"] > 0)]
    return [(str(s), str(r), int(n)) for s, r, n in zip(lines["step"], lines["rule"], lines["rows"], strict=True)]


def sheets_received(clean: CleanTable) -> int:
    """Answer sheets among the rows that were read: all but totals, notes and repeated headers."""
    return clean.rows(ROWS_READ) - sum(n for step, _, n in rows_aside(clean) if step == READING)


def base_variable(clean: CleanTable, name: str) -> str:
    """The variable that a name in the log belongs to; the name itself where it is none of the codebook's."""
    base = name.partition("__")[0]
    return base if name not in clean.codebook and base in clean.codebook else name


def cells_with_content(clean: CleanTable) -> pd.Series:
    """Per variable, the cells that hold an answer or something that could not be read; a question of several columns counts once."""
    is_held = clean.frame.notna() | _is_unreadable(clean)
    counts = {}
    for variable in clean.codebook:
        columns = [c for c in variable.columns if c in clean.frame]
        if columns and variable.source != ABSENT:
            counts[variable.name] = _rows_with_any(is_held, columns)
    return pd.Series(counts, dtype="int64")


def _is_unreadable(clean: CleanTable) -> pd.DataFrame:
    """Per row and column, whether the cell could not be read; told for all columns at once, which is far faster than by question."""
    return clean.missing_kinds == MissingKind.UNREADABLE


def _rows_with_any(cells: pd.DataFrame, columns: Sequence[str]) -> int:
    """Rows in which any of the columns is true."""
    return int(np.logical_or.reduce([cells[c].to_numpy(dtype=bool) for c in columns]).sum())


def treated_log(clean: CleanTable) -> pd.DataFrame:
    """Log lines about single answers, with what became of the cell (`treatment`) and the variable it belongs to."""
    log = clean.log
    lines = log[log["step"].isin(STEPS_OF_CELLS) | (log["rule"] == "masked_text")]
    names = {name: base_variable(clean, name) for name in lines["variable"].unique()}
    treatments = {rule: _treatment(rule) for rule in lines["rule"].unique()}
    return lines.assign(variable=lines["variable"].map(names), treatment=lines["rule"].map(treatments))


def _treatment(rule: str) -> str:
    if rule.startswith("unreadable") or rule == "out_of_range":
        return "unreadable"
    named = {"correction": "corrected", "masked_text": "masked"} | dict.fromkeys(KEPT_RULES, "kept") | dict.fromkeys(MISSING_RULES, "missing")
    return named.get(rule, "rewritten")


def changed_cells(clean: CleanTable) -> dict[str, int]:
    """Cells of the rows that stay, by what became of them; every cell once."""
    lines = treated_log(clean)
    lines = lines[lines["row_id"].isin(clean.frame.index.astype("str")) & lines["treatment"].isin(CHANGED)]
    order = lines["treatment"].map({t: i for i, t in enumerate(TREATMENTS)})
    first = lines.assign(order=order).sort_values("order", kind="stable").drop_duplicates(["row_id", "variable"])
    counts = first["treatment"].value_counts()
    return {t: int(counts.get(t, 0)) for t in CHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How often a rule of cleaning applied: cells, rows (None where the log does not name them), variables, and examples (variable, old, new)."""

    treatment: str
    rule: str
    cells: int
    rows: int | None
    variables: int
    examples: tuple[tuple[str, str, str], ...]


def rule_counts(clean: CleanTable, least: int = 1) -> list[RuleCount]:
    """Every rule that applied to single answers, by what became of the cell and then by number; examples are texts of at least so many cells."""
    lines = treated_log(clean)
    length = lines["old"].str.len()
    lines = lines.assign(short=(length > 0) & (length <= LONGEST_EXAMPLE))[lines["rule"] != "masked_text"]
    found = []
    for (treatment, rule), part in lines.groupby(["treatment", "rule"], sort=True):
        told = _written_by(part, ["variable", "old", "new"], least)
        short = told[told["short"]]
        examples = (short if len(short) else told)[["variable", "old", "new"]].drop_duplicates().head(EXAMPLES)
        rows = part.loc[part["row_id"] != "", "row_id"].nunique() if (part["row_id"] != "").all() else None
        found.append(RuleCount(
            treatment=str(treatment), rule=str(rule), cells=int(part["count"].sum()), rows=rows, variables=part["variable"].nunique(),
            examples=tuple(examples.itertuples(index=False, name=None)),
        ))
    order = ("corrected", "rewritten", "unreadable", "missing", "kept")
    return sorted(found, key=lambda r: (order.index(r.treatment), -r.cells))


def _written_by(lines: pd.DataFrame, same: list[str], least: int) -> pd.DataFrame:
    """Lines of the log of which at least so many cells have the same text."""
    return lines if least <= 1 else lines[lines.groupby(same)["count"].transform("sum") >= least]


def unreadable_by_variable(clean: CleanTable, least: int = 1) -> list[tuple[str, int, int, str]]:
    """Variable, cells with content, cells that could not be read, a text that at least so many of them have; most first."""
    content, lines = cells_with_content(clean), treated_log(clean)
    lines = lines[lines["treatment"] == "unreadable"]
    example = _written_by(lines[lines["old"] != ""], ["variable", "old"], least).drop_duplicates("variable").set_index("variable")["old"]
    is_unreadable, found = _is_unreadable(clean), []
    for name in content.index:
        columns = [c for c in clean.codebook[str(name)].columns if c in clean.frame]
        if n := _rows_with_any(is_unreadable, columns):
            found.append((str(name), int(content[name]), n, str(example.get(name, ""))))
    return sorted(found, key=lambda row: -row[2])


# ---------------------------------------------------------------- missing values and skips


def questions(clean: CleanTable) -> list[Variable]:
    """Questions with closed answers, numbers or dates; open questions and what the platform notes by itself are left aside."""
    return [
        v for v in clean.codebook
        if v.role in {None, Role.ASSISTED, Role.COMMUNITY, Role.STRATUM, Role.CLUSTER, Role.WEIGHT, Role.BIRTH} and v.type is not VariableType.TEXT and not v.identifier
        and v.source != ABSENT and any(c in clean.frame for c in v.columns)
    ]


def missing_by_question(clean: CleanTable) -> pd.DataFrame:
    """Per question, the rows of every kind of missing, `asked` and `missing` (asked and not answered), most missing first.

    A question of several columns is missing where all of them are, of the kind of the first.
    """
    rows = {}
    for variable in questions(clean):
        first, *others = [clean.missing_kinds[c] for c in variable.columns if c in clean.missing_kinds]
        is_missing = np.logical_and.reduce([first.notna(), *(other.notna() for other in others)])
        counts = dict(zip(first.cat.categories, np.bincount(first.cat.codes[is_missing], minlength=len(first.cat.categories)), strict=True))
        rows[variable.name] = {k.value: int(counts.get(k.value, 0)) for k in MissingKind}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[k.value for k in MissingKind], dtype="int64")
    table["asked"] = len(clean.frame) - table[[k.value for k in UNASKED]].sum(axis=1)
    table["missing"] = table[[k.value for k in KINDS_SHOWN]].sum(axis=1)
    return table.sort_values("missing", ascending=False, kind="stable")


def skip_conflicts(clean: CleanTable) -> pd.DataFrame:
    """Per variable, rows that answered although the form skips them, and that were skipped although the form asks them."""
    rules = ["answered_though_skipped", "skipped_though_asked"]
    lines = clean.log[clean.log["rule"].isin(rules) & clean.log["row_id"].isin(clean.frame.index.astype("str"))]
    table = pd.crosstab(lines["variable"], lines["rule"]).reindex(columns=rules, fill_value=0)
    return table.sort_values(rules, ascending=False, kind="stable")


# ---------------------------------------------------------------- identifiers


def identifier_columns(identifiers: pd.DataFrame) -> list[dict[str, object]]:
    """One entry per column in which identifiers were found: column, identifiers (class → cells), by, declared, action, n; whole columns first."""
    found = []
    for (column, action), part in identifiers.groupby(["column", "action"], sort=False):
        counts = part.groupby("identifier", sort=False)["n"].sum()
        found.append({
            "column": str(column), "action": str(action), "identifiers": {str(k): int(n) for k, n in counts.items()},
            "by": str(part["by"].iloc[0]), "declared": bool(part["declared"].any()), "n": int(part["n"].sum()),
        })
    return sorted(found, key=lambda entry: entry["action"] == "masked")


# ---------------------------------------------------------------- flags and duplicates


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCount:
    """One flag: rows that could be judged, that carry it, and that were spared it because somebody else filled in."""

    flag: str
    known: int
    raised: int
    exempted: int


def flag_counts(flags: pd.DataFrame) -> list[FlagCount]:
    """Every flag, in the order of the table."""
    exempted = flags["exempted"].str.split().explode().value_counts() if "exempted" in flags else pd.Series(dtype="int64")
    return [
        FlagCount(flag=c, known=int(flags[c].notna().sum()), raised=int(flags[c].sum()), exempted=int(exempted.get(c, 0)))
        for c in flags.columns if c.startswith("flag_")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCount:
    """Groups of one kind: how many, with how many rows, and how many of them are still to be decided."""

    kind: str
    groups: int
    rows: int
    open: int
    exempt: int

    @property
    def decided(self) -> int:
        """Groups that somebody has decided on."""
        return self.groups - self.open - self.exempt


def duplicate_counts(clean: CleanTable) -> list[DuplicateCount]:
    """Groups of possible duplicates by the strongest thing their rows have in common."""
    groups = clean.duplicates
    if groups.empty:
        return []
    flag = clean.flags.get("flag_open_duplicate", pd.Series(pd.NA, index=clean.flags.index, dtype="boolean"))
    is_open = groups["row_id"].isin(clean.flags.index[flag.fillna(value=False).astype(bool)].astype("str"))
    rank = {k: i for i, k in enumerate(("key", "person", "content", "percent_match"))}
    per_group = groups.assign(rank=groups["kind"].map(rank), open=is_open).groupby("group_id", sort=False).agg(
        rank=("rank", "min"), rows=("row_id", "size"), open=("open", "any"), exempt=("exempt", "all")
    )
    found = []
    for kind, place in rank.items():
        part = per_group[per_group["rank"] == place]
        if len(part):
            exempt = int((part["exempt"] & ~part["open"]).sum())
            found.append(DuplicateCount(kind=kind, groups=len(part), rows=int(part["rows"].sum()), open=int(part["open"].sum()), exempt=exempt))
    return found


# ---------------------------------------------------------------- what flags do to estimates


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What leaving out flagged rows does to one measure; numbers in the unit of the estimate, NaN where there is none.

    `fewest` sheets are behind the estimates; `out` and `flag_out` are left out between two of them: of a share, those on its smaller side.
    """

    variable: str
    measure: str
    unit: str
    estimate: float
    low: float
    high: float
    n: int
    without: float
    without_low: float
    without_high: float
    difference: float
    flag: str
    flag_difference: float
    fewest: int
    out: int
    flag_out: int

    @property
    def shift(self) -> float:
        """The difference in halves of the interval; NaN without an interval."""
        return self.difference / half_interval(self.low, self.high)

    @property
    def relative(self) -> float:
        """How large that is, in whatever direction."""
        return abs(self.shift)

    @property
    def scale(self) -> float:
        """What the numbers are multiplied by to be shown: shares in percent."""
        return 100.0 if self.unit == "share" else 1.0


def effects(sensitivity: pd.DataFrame) -> list[Effect]:
    """One entry per measure, in the order of the estimates."""
    if sensitivity.empty or "variable" not in sensitivity:
        return []
    known = sensitivity[sensitivity["variable"].notna()]
    of_measure = dict(iter(known.groupby(["variable", "measure"], sort=False)))
    return [_effect(row, of_measure[row["variable"], row["measure"]]) for _, row in known[known["without"] == ""].iterrows()]


def _effect(row: "pd.Series[Any]", mine: pd.DataFrame) -> Effect:
    single = mine[~mine["without"].isin(["", ANY_FLAG]) & (mine["n_excluded"] > 0) & mine["difference"].notna()]
    largest = single.iloc[int(single["difference"].abs().argmax())] if len(single) else None
    rest = mine[mine["without"] == ANY_FLAG]
    after = rest.iloc[0] if len(rest) else pd.Series(dtype="float64")
    return Effect(
        variable=str(row["variable"]), measure=str(row["measure"]), unit=str(row["unit"]), estimate=_number(row["estimate"]), low=_number(row["conf_low"]),
        high=_number(row["conf_high"]), n=int(_number(row["n"])), without=_number(after.get("estimate")), without_low=_number(after.get("conf_low")),
        without_high=_number(after.get("conf_high")), difference=_number(after.get("difference")), flag="" if largest is None else str(largest["without"]),
        flag_difference=math.nan if largest is None else _number(largest["difference"]),
        fewest=min(smaller_side(*_sides(part)) for part in (row, after) if not part.empty), out=_left_out(row, after),
        flag_out=0 if largest is None else _left_out(row, largest),
    )


def smaller_side(n: float, n_chosen: float) -> int:
    """Of a share, the sheets on its smaller side that is not empty; of another measure (`n_chosen` NaN), all that have a value."""
    if math.isnan(n) or math.isnan(n_chosen):
        return 0 if math.isnan(n) else int(n)
    return int(min((k for k in (n_chosen, n - n_chosen) if k), default=n))


def _sides(row: "pd.Series[Any]") -> tuple[float, float]:
    return _number(row.get("n")), _number(row.get("n_chosen"))


def _left_out(row: "pd.Series[Any]", part: "pd.Series[Any]") -> int:
    """Sheets that make the difference of two estimates; the smaller side of a share."""
    (n, chosen), (n_part, chosen_part) = _sides(row), _sides(part)
    return smaller_side(n - n_part, chosen - chosen_part)


def _number(value: object) -> float:
    return math.nan if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def largest_effect(found: Sequence[Effect]) -> Effect | None:
    """The measure that moves most beside its interval; without intervals, most in proportion to itself. None where nothing can be compared."""
    comparable = [e for e in found if math.isfinite(e.difference)]
    if any(math.isfinite(e.relative) for e in comparable):
        return max(comparable, key=lambda e: e.relative if math.isfinite(e.relative) else -1.0)
    return max(comparable, key=lambda e: abs(e.difference / e.estimate) if e.estimate else 0.0, default=None)
