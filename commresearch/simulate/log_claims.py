"""claims.csv of a fictional pilot: what an issuer would make of its own counts, told with the months that suit it, or plainly."""

from collections.abc import Mapping, Sequence

import pandas as pd

CLAIMS_FILE = "claims.csv"
COLUMNS = (
    "claim_id", "case_id", "indicator_zh", "indicator_en", "value", "unit", "unit_class", "comparison", "printed", "text_zh", "text_en", "outcome", "measure",
    "scope", "topics", "base_start", "base_end", "period_start", "period_end",
)
YEAR, HALF = 12, 6


def issuer_claims(case_id: str, counts: pd.DataFrame, starts: Mapping[str, pd.Timestamp]) -> pd.DataFrame:
    """Claims on complaints, every number computed from the counts as an issuer would.

    Parameters
    ----------
    case_id : str
    counts : DataFrame
        unit_id, month, cases: complete from a year before the first start to a year after the last.
    starts : mapping
        Unit of the pilot → its first month.

    Returns
    -------
    DataFrame
        In the columns of claims.csv: a year against a year; the worst month before against the best since; the half year before against the half year
        after the start; a year against a year of all units; and a number of cases that is no change.
    """
    first, last = min(starts.values()), max(starts.values())
    mine = counts[counts["unit_id"].isin(list(starts))].groupby("month")["cases"].sum()
    everybody = counts.groupby("month")["cases"].sum()
    before, after = mine[mine.index < first], mine[mine.index >= last]
    worst, best = pd.Timestamp(str(before.idxmax())), pd.Timestamp(str(after.idxmin()))
    year, half = (_ends(first, n) + _ends_after(last, n) for n in (YEAR, HALF))
    rows = [
        _change(case_id, 1, "试点社区投诉量", "Complaints in the pilot", mine, year, "treated", "试点一年，投诉量比上一年"),
        _change(case_id, 2, "月投诉量", "Complaints a month", mine, (worst, worst, best, best), "treated", "月投诉量由高峰时"),
        _change(case_id, 3, "试点半年投诉量", "Complaints in half a year", mine, half, "treated", "试点半年，投诉量比前半年"),
        _change(case_id, 4, "全区投诉量", "Complaints in all communities", everybody, year, "all", "全区投诉量比上一年"),
        _level(case_id, 5, int(mine[(mine.index >= last) & (mine.index < last + pd.DateOffset(months=YEAR))].sum()), year),
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)).fillna("")


def _ends(start: pd.Timestamp, months: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return start - pd.DateOffset(months=months), start - pd.DateOffset(months=1)


def _ends_after(start: pd.Timestamp, months: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return start, start + pd.DateOffset(months=months - 1)


def _change(
    case_id: str, number: int, zh: str, en: str, counts: pd.Series, ends: Sequence[pd.Timestamp], scope: str, begins: str
) -> dict[str, object]:
    """One change in percent, rounded as issuers round."""
    base, period = (counts[(counts.index >= a) & (counts.index <= b)].mean() for a, b in (ends[:2], ends[2:]))
    value = round(100 * (period / base - 1))
    word, english = ("下降", "fell") if value < 0 else ("上升", "rose")
    return _row(case_id, number, zh, en, ends, scope) | {
        "value": value, "unit": "%", "unit_class": "percent", "comparison": "before_after", "printed": f"{word}{abs(value)}%",
        "text_zh": f"{begins}{word}{abs(value)}%。", "text_en": f"{en} {english} by {abs(value)}%.",
    }


def _level(case_id: str, number: int, value: int, ends: Sequence[pd.Timestamp]) -> dict[str, object]:
    """A number of cases, which is no change."""
    return _row(case_id, number, "试点一年投诉量", "Complaints in the first year", ends, "treated") | {
        "value": value, "unit": "件", "unit_class": "item", "comparison": "level", "printed": f"{value}件",
        "text_zh": f"试点一年共受理投诉{value}件。", "text_en": f"{value} complaints were received in the first year.",
    }


def _row(case_id: str, number: int, zh: str, en: str, ends: Sequence[pd.Timestamp], scope: str) -> dict[str, object]:
    months: dict[str, object] = dict(zip(("base_start", "base_end", "period_start", "period_end"), (f"{end:%Y-%m}" for end in ends), strict=True))
    named: dict[str, object] = {"claim_id": f"{case_id}-{number:03d}", "case_id": case_id, "indicator_zh": zh, "indicator_en": en}
    return named | {"outcome": "complaint_rate", "measure": "count", "scope": scope, "topics": ""} | months
