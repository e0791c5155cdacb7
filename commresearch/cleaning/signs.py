"""What stands out in single answer sheets: possible duplicates, careless filling, contradictions. Signs, never deletions."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.duplicates import find_duplicates, percent_match_flags
from commresearch.cleaning.effort import EffortThresholds, effort_flags
from commresearch.cleaning.label_signs import says_assisted, says_rejected
from commresearch.cleaning.missing import CODE, NONE, KindCodes
from commresearch.cleaning.skips import has_conditions
from commresearch.cleaning.variable import Variable
from commresearch.errors import CleaningError
from commresearch.terms import MissingKind, Role, VariableType

CONTEXT = (Role.SUBMITTED, Role.DURATION, Role.SOURCE)
IP, PERSON = "ip_", "person_"  #: working columns; never leave this module
SEXES = ({"男", "女"}, {"male", "female"})
TOO_MANY = "CR-D04"  #: answers so alike that comparing them says nothing
QUESTIONS = frozenset({VariableType.SINGLE, VariableType.MULTIPLE, VariableType.RANKING, VariableType.NUMBER, VariableType.TEXT})
ASKED = (NONE, CODE[MissingKind.BLANK], CODE[MissingKind.REFUSED], CODE[MissingKind.UNREADABLE])
UNCLEAR = (CODE[MissingKind.DONT_KNOW], CODE[MissingKind.NOT_APPLICABLE])  #: put to the person, neither answered nor left open


def questions_of(codebook: Codebook, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of every question that a person answered, by variable."""
    asked = [v for v in codebook if v.role in {None, Role.ASSISTED} and v.type in QUESTIONS and not v.identifier]
    return {v.name: columns for v in asked if (columns := [c for c in v.columns if c in frame])}


def duplicate_groups(codebook: Codebook, frame: pd.DataFrame, ip: pd.Series | None) -> pd.DataFrame:
    """Groups of rows that may be the same answer sheet; addresses are compared here and not kept."""
    content = {name: columns for name, columns in questions_of(codebook, frame).items() if codebook[name].type is not VariableType.TEXT}
    context = {role: v.name for role in CONTEXT if (v := codebook.role(role)) and v.name in frame}
    working, person = frame, _persons(codebook, frame)
    if ip is not None:
        working, context = frame.assign(**{IP: ip.where(ip != "")}), {**context, Role.IP: IP}
    if person is not None:
        working = working.assign(**{PERSON: person})
    compare = partial(
        find_duplicates, working, content_columns=content, key=_column(codebook, Role.KEY, frame), person=None if person is None else PERSON,
        community=_column(codebook, Role.COMMUNITY, frame), assisted=assisted_rows(codebook, frame), context=context,
    )
    try:
        return compare()
    except CleaningError as error:
        if {f.code for f in error.failures} != {TOO_MANY}:
            raise
        return compare(threshold=None)  # only whole contents are compared where nearly everybody answers alike


def response_flags(
    codebook: Codebook, frame: pd.DataFrame, kinds: Mapping[str, KindCodes], open_rows: pd.DataFrame, *, all_groups: pd.DataFrame,
    counts: pd.DataFrame, shortest_seconds: float | None,
) -> pd.DataFrame:
    """Effort indices and flags of every row, with contradictions, open duplicates and the platform's own verdict."""
    questions = questions_of(codebook, frame)
    content = {name: columns for name, columns in questions.items() if codebook[name].type is not VariableType.TEXT}
    first = [columns[0] for columns in questions.values()]
    asked = pd.DataFrame({c: _asked(kinds[c]) for c in first}, index=frame.index)
    blocks = {name: [v.name for v in items] for name, items in codebook.matrices().items() if all(_is_numeric(v) and v.name in first for v in items)}
    scales = {name: [v.name for v in items] for name, items in codebook.scales().items() if all(_is_numeric(v) and v.name in first for v in items)}
    reflect = {v.name: _low_plus_high(v) for items in codebook.scales().values() for v in items if v.key < 0 and v.name in first and _is_numeric(v)}
    assisted, alike = assisted_rows(codebook, frame), percent_match_flags(frame, all_groups, content_columns=content)
    flags = effort_flags(
        frame[first], blocks=blocks, factors=scales, reflect=reflect, asked=asked, duration=_duration(codebook, frame),
        percent_match=alike, assisted=assisted,
        thresholds=EffortThresholds(duration_floor=shortest_seconds),
    )
    contradicts = ((counts["answered_though_skipped"] + counts["skipped_though_asked"]) > 0).astype("boolean")
    more = {
        "flag_contradiction": contradicts if has_conditions(codebook, kinds) else contradicts.mask(contradicts.notna()), "flag_logic": counts["logic_failures"] > 0,
        "flag_open_duplicate": _open_duplicates(codebook, frame, open_rows, alike.notna()),
    }
    verdict = codebook.role(Role.VERDICT)
    if verdict and verdict.name in frame:
        said = frame[verdict.name].astype("str").fillna("")  # a sheet on which nothing is said is not rejected
        more["flag_platform_verdict"] = said.map({value: says_rejected(verdict.values.get(value, value)) for value in said.unique()})
    added = pd.DataFrame({name: flag.astype("boolean") for name, flag in more.items()}, index=frame.index)
    table = flags.drop(columns=["n_flags", "n_known"]).join(counts).join(added)
    flagged = table.filter(like="flag_")
    return table.assign(n_flags=flagged.sum(axis=1).astype("int64"), n_known=flagged.notna().sum(axis=1).astype("int64"))


def assisted_rows(codebook: Codebook, frame: pd.DataFrame) -> pd.Series | None:
    """Whether somebody else filled the form in (代填), by the variable with that role; None without one."""
    variable = codebook.role(Role.ASSISTED)
    if variable is None or variable.name not in frame:
        return None
    helped = [value for value, label in variable.answers.items() if says_assisted(label, variable.question_zh or variable.question_en)]
    column = frame[variable.name]
    return column.isin(helped).astype("boolean").mask(column.isna())


def _persons(codebook: Codebook, frame: pd.DataFrame) -> pd.Series | None:
    """Persons by their codes with sex and month of birth where these were asked, since short codes agree by chance; NA without a code."""
    codes = [v.name for v in codebook if v.role is Role.PERSON and v.name in frame]
    if not codes:
        return None
    more = [v.name for v in codebook if (v.role is Role.BIRTH or _tells_sex(v)) and v.name in frame]
    told = frame[[*codes, *more]].astype("object").fillna("").astype("str").agg("\n".join, axis=1)
    return told.where(frame[codes[0]].notna())


def _tells_sex(variable: Variable) -> bool:
    labels = ({*variable.values.values()}, {label.lower() for label in variable.labels_en.values()})
    return variable.type is VariableType.SINGLE and any(sexes <= given for sexes, given in zip(SEXES, labels, strict=True))


def _open_duplicates(codebook: Codebook, frame: pd.DataFrame, open_rows: pd.DataFrame, compared: "pd.Series[bool]") -> pd.Series:
    """Rows on whose likeness nobody has decided; NA of those that were compared by neither answers nor person, or, where nobody was, by their number."""
    for role in (Role.PERSON, *(() if compared.any() else (Role.KEY,))):
        if name := _column(codebook, role, frame):
            compared = compared | frame[name].notna()
    is_open = pd.Series(frame.index.isin(open_rows["row_id"]), index=frame.index, dtype="boolean")
    return is_open.mask(~compared & ~is_open)


def _asked(kinds: KindCodes) -> "pd.api.extensions.ExtensionArray":
    """Whether a question was asked of each row; NA where the answer was don't know."""
    return pd.arrays.BooleanArray(np.isin(kinds, ASKED), np.isin(kinds, UNCLEAR))


def _column(codebook: Codebook, role: Role, frame: pd.DataFrame) -> str | None:
    variable = codebook.role(role)
    return variable.name if variable and variable.name in frame else None


def _duration(codebook: Codebook, frame: pd.DataFrame) -> pd.Series | None:
    """Seconds: as the platform gives them, else from start to submission."""
    if given := _column(codebook, Role.DURATION, frame):
        return frame[given].astype("float64")
    start, end = _column(codebook, Role.STARTED, frame), _column(codebook, Role.SUBMITTED, frame)
    return (frame[end] - frame[start]).dt.total_seconds() if start and end else None


def _is_numeric(variable: Variable) -> bool:
    return variable.type is VariableType.SINGLE and variable.is_numeric


def _low_plus_high(variable: Variable) -> float:
    numbers = [int(v) for v in variable.answers]
    return float(min(numbers) + max(numbers))
