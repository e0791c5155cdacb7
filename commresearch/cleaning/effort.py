"""Signs of careless responding as flags; a flag never removes a row, and staff who fill in for others are not taken for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri

from commresearch.cleaning import effort_indices as indices
from commresearch.errors import CleaningError, EstimationError, Failure

#: Signs that filling in for somebody else brings about by itself: one phone, one hand, the same short time.
EXEMPT_WHEN_ASSISTED = ("flag_machine_made", "flag_duration", "flag_longstring", "flag_percent_match")
#: Unreadable values that a message quotes.
SHOWN = 5
ANY_FLAG, NO_ROWS = "any_flag", "no_rows"

_LIMITS: Mapping[str, tuple[float, float]] = {
    "even_odd": (-1, 1), "synonyms": (-1, 1), "antonyms": (-1, 1), "longstring_items": (2, np.inf), "even_odd_scales": (3, np.inf),
    "item_pairs": (indices.LEAST_ITEM_PAIRS, np.inf), "machine_seconds": (0, np.inf), "duration_floor": (0, np.inf),
    "seconds_per_item": (0, np.inf),
}  # of every other threshold: 0-1


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortThresholds:
    """From where on an index is a flag. The defaults are cautious; set them before the answers are looked at.

    machine_seconds
        A form filled in this many seconds or fewer was not read by a person: the survey platforms' own rule (1 s).
    duration_floor
        Shortest time in seconds in which the questionnaire can be read; take it from the pilot. None: not judged.
    seconds_per_item
        Fewer seconds per question than this are too few to read one (Huang et al. 2012: 2 s).
    duration_ratio
        A time below this part of the median; a third is customary in panels, no study fixes the number.
    duration_share_asked
        Times are judged, and enter the median, of rows that were asked at least this share of the questions that the median row was
        asked: who is screened out after three questions is quick without having hurried.
    longstring_items, longstring_share
        A run counts when it has at least this many items and this share of its block. Half of the items is the rule of thumb of
        Curran (2016); in blocks of fewer than eight items contented people honestly tick one column.
    irv_ratio
        A spread of answers below this part of the file's median spread; relative, because the spread depends on the answer scale.
    even_odd, even_odd_scales
        A score above this (a consistency below .30, Johnson 2005), from this many scales on: fewer give a correlation by chance.
    mahalanobis_p
        A distance that fewer than this share of normally distributed persons exceed; strict, because answers in steps are not normal.
    item_correlation
        Least correlation of psychometric synonyms (Meade & Craig 2012: .60); the negative for antonyms.
    synonyms, antonyms, item_pairs
        A correlation over synonyms below the first, over antonyms above the second: answers that contradict themselves; from this
        many pairs on.
    share_missing
        This share of the questions asked, or more, left open: customarily the line between a partial and a broken-off interview.

    Raises
    ------
    CleaningError
        CR-D20: thresholds out of their range, all at once.
    """

    machine_seconds: float = 1.0
    duration_floor: float | None = None
    seconds_per_item: float = 2.0
    duration_ratio: float = 1 / 3
    duration_share_asked: float = 0.5
    longstring_items: int = 8
    longstring_share: float = 0.5
    irv_ratio: float = 0.25
    even_odd: float = -0.30
    even_odd_scales: int = 5
    mahalanobis_p: float = 0.001
    item_correlation: float = 0.60
    synonyms: float = 0.0
    antonyms: float = 0.0
    item_pairs: int = 5
    share_missing: float = 0.5

    def __post_init__(self) -> None:
        failures = []
        for name in (f.name for f in fields(self)):
            got, (low, high) = getattr(self, name), _LIMITS.get(name, (0, 1))
            if got is not None and not low <= got <= high:
                allowed = f"≥ {low:g}" if high == np.inf else f"{low:g} … {high:g}"
                failures.append(Failure(code="CR-D20", values={"name": name, "got": got, "allowed": allowed}))
        if failures:
            raise CleaningError(*failures)


DEFAULT_THRESHOLDS = EffortThresholds()


def effort_flags(
    answers: pd.DataFrame, *, blocks: Mapping[str, Sequence[str]], factors: Mapping[str, Sequence[str]],
    reflect: Mapping[str, float] | None = None, asked: pd.DataFrame | None = None, duration: pd.Series | None = None,
    percent_match: pd.Series | None = None, assisted: pd.Series | None = None, thresholds: EffortThresholds = DEFAULT_THRESHOLDS,
) -> pd.DataFrame:
    """Effort indices and flags of every row.

    Parameters
    ----------
    answers : DataFrame
        The questions as answered (index row_id, columns in questionnaire order), NA where missing. Columns of `blocks` and `factors` are
        numbers, or categories that read as numbers; `share_missing` and seconds per question count all columns.
    blocks : mapping
        Matrix question → its items in the order shown; runs of one answer are counted within each.
    factors : mapping
        Scale → its items in the order shown, for even-odd consistency. A scale of one item says nothing and is passed over.
    reflect : mapping, optional
        Item worded the other way round → sum of its lowest and highest possible answer, which turns it round for even-odd.
    asked : DataFrame of (nullable) bool, optional
        False where the questionnaire skipped the question; NA where the answer was don't know, so that the question took time and is
        neither answered nor left open. A column that is not given counts as asked.
    duration : Series, optional
        Filling time in seconds; below zero it is unknown.
    percent_match : Series of boolean, optional
        Whether another row of the community gives almost the same answers (`percent_match_flags`).
    assisted : Series of boolean, optional
        Filled in by somebody else (代填); NA counts as not assisted.
    thresholds : EffortThresholds

    Returns
    -------
    DataFrame
        Index as `answers`. Indices: `longstring`, `longstring_block`, `irv`, `even_odd` (higher is more careless), `mahalanobis` (D²),
        `synonyms`, `antonyms`, `share_missing`, `duration`, `seconds_per_item`, `duration_ratio`. Flags (nullable boolean, NA where the
        row gives no ground to judge): `flag_longstring`, `flag_irv`, `flag_even_odd`, `flag_mahalanobis`, `flag_synonyms`,
        `flag_antonyms`, `flag_share_missing`, `flag_machine_made`, `flag_duration`, `flag_percent_match`. `exempt` marks assisted rows and `exempted` names the flags that
        they would have had. `n_flags` of `n_known` flags that could be judged are raised.

    Raises
    ------
    CleaningError
        CR-D21 columns that are not there, CR-D22 items that are not numbers, CR-D23 series of other rows: all at once.

    Notes
    -----
    IRV, D², synonyms and antonyms run over all items of `blocks` and `factors`, in the order of the columns. The limit of D² is
    the quantile of χ² with as many degrees of freedom as the row has answers to items that vary.
    """
    named = [*blocks.items(), *factors.items()]
    items = [c for c in answers.columns if any(c in columns for _, columns in named)]
    frame = pd.DataFrame({c: _numbers(answers[c]) for c in items}, index=answers.index, columns=items, dtype="float64")
    _check(answers, frame, named, {"asked": asked, "duration": duration, "percent_match": percent_match, "assisted": assisted})
    known_asked = (pd.DataFrame(index=answers.index) if asked is None else asked).reindex(columns=answers.columns, fill_value=True).astype("boolean")
    share = indices.share_missing(answers.isna().to_numpy(), known_asked.fillna(value=False).to_numpy(dtype=bool))
    put = known_asked.fillna(value=True).to_numpy(dtype=bool).sum(axis=1)
    table = _runs(frame, blocks, thresholds) | _consistency(frame, factors, reflect or {}, thresholds) | _distances(frame.to_numpy(), thresholds)
    table |= {"share_missing": share, "flag_share_missing": _flag(share >= thresholds.share_missing, ~np.isnan(share))}
    table |= _time(duration, put, thresholds)
    table["flag_percent_match"] = _nullable(percent_match, len(answers))
    return _exempted(pd.DataFrame(table, index=answers.index), _nullable(assisted, len(answers)))


def flag_sensitivity(
    frame: pd.DataFrame, flags: pd.DataFrame, estimator: Callable[[pd.DataFrame], pd.DataFrame], *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """What an estimate becomes without the rows of each flag, and without all flagged rows.

    Parameters
    ----------
    frame : DataFrame
        What the estimator takes; index row_id.
    flags : DataFrame
        Index as `frame`; its columns `flag_…` are tried one by one. A row whose flag is NA stays in.
    estimator : callable
        Frame → table of estimates, one row each.
    by : sequence of str
        Columns that tell the estimates of one table apart (variable, domain); not needed where it has one row.

    Returns
    -------
    DataFrame
        `without` ("" all rows, the flag, or "any_flag"), `n_rows`, `n_excluded`, the estimator's columns, `difference` (the estimate less
        that of all rows), `problem` (codes of what made an estimate impossible, "no_rows" where every row is flagged).

    Raises
    ------
    CleaningError
        CR-D24: flags of other rows than the frame's.
    EstimationError
        The estimate over all rows cannot be made. Without flagged rows this is stated in `problem` instead.
    """
    if not flags.index.equals(frame.index):
        raise CleaningError(Failure(code="CR-D24", values={"got": len(flags), "expected": len(frame)}))
    columns = [c for c in flags.columns if str(c).startswith("flag_")]
    flagged = {str(c): _nullable(flags[c], len(frame)).fillna(value=False).to_numpy(dtype=bool) for c in columns}
    flagged[ANY_FLAG] = np.logical_or.reduce([np.zeros(len(frame), dtype=bool), *flagged.values()])
    whole = estimator(frame)
    tables = [_scenario(whole, "", 0, len(frame))]
    for name, rows in flagged.items():
        result = whole if not rows.any() else _estimate(frame[~rows], estimator)
        tables.append(_scenario(result, name, int(rows.sum()), len(frame)))
    table = pd.concat(tables, ignore_index=True)
    if "estimate" in table:
        table["difference"] = table["estimate"] - _reference(table, whole, list(by))
    return table


def _estimate(frame: pd.DataFrame, estimator: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame | str:
    """The estimates, or the codes of why there are none."""
    if frame.empty:
        return NO_ROWS
    try:
        return estimator(frame)
    except EstimationError as error:
        return " ".join(dict.fromkeys(f.code for f in error.failures))


def _scenario(result: pd.DataFrame | str, name: str, excluded: int, n: int) -> pd.DataFrame:
    table = pd.DataFrame(index=[0]) if isinstance(result, str) else result.reset_index(drop=True)
    table = table.assign(problem=result if isinstance(result, str) else "")
    return pd.concat([pd.DataFrame({"without": name, "n_rows": n - excluded, "n_excluded": excluded}, index=table.index), table], axis=1)


def _reference(table: pd.DataFrame, whole: pd.DataFrame, by: list[str]) -> pd.Series:
    """The estimate over all rows that belongs to each line; NaN where the lines cannot be told apart."""
    if by:
        return table[by].merge(whole[[*by, "estimate"]].drop_duplicates(by), on=by, how="left")["estimate"].set_axis(table.index)
    return pd.Series(whole["estimate"].iloc[0] if len(whole) == 1 else np.nan, index=table.index)


def _check(
    answers: pd.DataFrame, numbers: pd.DataFrame, named: Sequence[tuple[str, Sequence[str]]],
    series: Mapping[str, pd.Series | pd.DataFrame | None],
) -> None:
    failures = []
    for name, columns in named:
        if absent := [c for c in columns if c not in answers.columns]:
            failures.append(Failure(code="CR-D21", values={"name": name, "missing": ", ".join(absent)}))
    for item in numbers.columns:
        unread = answers[item].notna() & numbers[item].isna()
        if unread.any():
            found = list(dict.fromkeys(answers.loc[unread, item].astype("str")))
            got = ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
            failures.append(Failure(code="CR-D22", values={"column": item, "got": got, "count": int(unread.sum())}))
    for name, given in series.items():
        if given is not None and not given.index.equals(answers.index):
            failures.append(Failure(code="CR-D23", values={"name": name, "got": len(given), "expected": len(answers)}))
    if failures:
        raise CleaningError(*failures)


def _numbers(column: pd.Series) -> indices.Floats:
    """Answers as floats; categories are read once each."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = np.append(pd.to_numeric(column.cat.categories.to_series(), errors="coerce").to_numpy(dtype=np.float64), np.nan)
        return np.asarray(values[column.cat.codes.to_numpy()], dtype=np.float64)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _nullable(series: pd.Series | None, n: int) -> "pd.api.extensions.ExtensionArray":
    """A nullable boolean array; all NA where nothing is given."""
    return pd.array([pd.NA] * n, dtype="boolean") if series is None else series.astype("boolean").array


def _flag(raised: NDArray[np.bool_], known: NDArray[np.bool_]) -> "pd.api.extensions.ExtensionArray":
    return pd.arrays.BooleanArray(raised & known, ~known)


def _runs(frame: pd.DataFrame, blocks: Mapping[str, Sequence[str]], limits: EffortThresholds) -> dict[str, object]:
    """Longest run within any block, and whether it is long for its block."""
    longest, block_of = np.full(len(frame), np.nan), np.full(len(frame), None, dtype=object)
    raised, known = np.zeros((2, len(frame)), dtype=bool)
    for name, columns in blocks.items():
        values = frame[list(columns)].to_numpy()
        answered = (~np.isnan(values)).sum(axis=1)
        run = np.where(answered > 0, indices.longstring(values), np.nan)
        longer = (run > longest) | (np.isnan(longest) & (answered > 0))
        longest[longer], block_of[longer] = run[longer], name
        least = max(limits.longstring_items, limits.longstring_share * len(columns))
        raised |= run >= least
        known |= answered >= least
    return {"longstring": longest, "longstring_block": pd.array(block_of, dtype="str"), "flag_longstring": _flag(raised, known)}


def _consistency(
    frame: pd.DataFrame, factors: Mapping[str, Sequence[str]], reflect: Mapping[str, float], limits: EffortThresholds
) -> dict[str, object]:
    """Even-odd inconsistency over the scales, items turned round where they are worded so."""
    keyed = frame.assign(**{c: total - frame[c] for c, total in reflect.items() if c in frame})
    places = [keyed.columns.get_indexer(pd.Index(columns)).tolist() for columns in factors.values()]
    result = indices.even_odd(keyed.to_numpy(), places)
    known = ~np.isnan(result.scores) & (result.pairs >= limits.even_odd_scales)
    return {"even_odd": result.scores, "flag_even_odd": _flag(result.scores > limits.even_odd, known)}


def _distances(values: indices.Floats, limits: EffortThresholds) -> dict[str, object]:
    """Indices over all items together: spread, distance from the others, synonyms and antonyms."""
    moments = indices.pairwise_moments(values)
    irv = indices.intra_individual_variability(values)
    usual = float(np.median(irv[~np.isnan(irv)])) if not np.isnan(irv).all() else np.nan
    distance = indices.mahalanobis_squared(values, moments=moments)
    freedom = (~np.isnan(values[:, np.diag(moments.covariance) > 0])).sum(axis=1)
    table: dict[str, object] = {
        "irv": irv, "flag_irv": _flag(irv < limits.irv_ratio * usual, ~np.isnan(irv) & (usual > 0)),
        "mahalanobis": distance, "flag_mahalanobis": _flag(distance > chdtri(freedom, limits.mahalanobis_p), ~np.isnan(distance)),
    }
    for name, antonyms in (("synonyms", False), ("antonyms", True)):
        result = indices.psychometric_synonyms(values, critical=limits.item_correlation, antonyms=antonyms, moments=moments)
        against = result.scores > limits.antonyms if antonyms else result.scores < limits.synonyms
        table |= {name: result.scores, f"flag_{name}": _flag(against, ~np.isnan(result.scores) & (result.pairs >= limits.item_pairs))}
    return table


def _time(duration: pd.Series | None, put: NDArray[np.int64], limits: EffortThresholds) -> dict[str, object]:
    """Filling time as such, per question put and beside the median of the rows that were asked as much as others."""
    seconds = np.full(len(put), np.nan) if duration is None else duration.to_numpy(dtype=np.float64, na_value=np.nan)
    seconds = np.where(seconds >= 0, seconds, np.nan)
    comparable = indices.asked_in_full(put, limits.duration_share_asked)
    per_item, ratio = indices.seconds_per_item(seconds, put), indices.duration_ratio(seconds, comparable)
    floor = np.nan if limits.duration_floor is None else limits.duration_floor
    known = ~np.isnan(seconds)
    short = (per_item < limits.seconds_per_item) | (ratio < limits.duration_ratio) | (seconds < floor)
    return {
        "duration": seconds, "seconds_per_item": per_item, "duration_ratio": ratio,
        "flag_machine_made": _flag(seconds <= limits.machine_seconds, known), "flag_duration": _flag(short, known & comparable),
    }


def _exempted(table: pd.DataFrame, assisted: "pd.api.extensions.ExtensionArray") -> pd.DataFrame:
    """Flags lifted from assisted rows, their names kept; then the counts."""
    columns = [c for c in table.columns if c.startswith("flag_")]
    exempt = pd.Series(assisted, index=table.index).fillna(value=False).astype(bool)
    kept = pd.Series("", index=table.index, dtype="str")
    for column in EXEMPT_WHEN_ASSISTED:
        lifted = exempt & table[column].fillna(value=False).astype(bool)
        kept = kept.where(~lifted, kept + " " + column)
        table[column] = table[column].mask(lifted, other=False)
    flags = table[columns]
    order = [c for c in table.columns if c not in columns] + columns
    counts = {"n_flags": flags.sum(axis=1).astype("int64"), "n_known": flags.notna().sum(axis=1).astype("int64")}
    return table[order].assign(exempt=exempt, exempted=kept.str.strip(), **counts)
