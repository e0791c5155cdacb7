"""What the fictional issuer of a pilot published about it: numbers from its own counts, over the months that suit it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cases.case_claims_file import CLAIMS_FILE, TERMS
from commresearch.cases.claim import FIELDS
from commresearch.records import write_whole
from commresearch.simulate.demo_panels import Drawn, panel_frame
from commresearch.terms import Language
from commresearch.words import say

YEAR = 12
COUNT_MEASURES = {"complaint_rate": "count", "youth_participation": "persons"}
Months = tuple[pd.Timestamp, pd.Timestamp]


def write_claims(case_id: str, drawn: Drawn, folder: Path) -> None:
    """Write claims.csv: a year against a year, the months before the start against the last ones, persons at events against those of a year before."""
    cases = _monthly(drawn, "complaint_rate")
    first = pd.Timestamp(panel_frame(drawn, "complaint_rate")["treated_from"].min())
    begin, end = cases.index[0], cases.index[-1]
    months = drawn.spec.selected_on if drawn.spec.selected_on else 3
    year = ((max(begin, _back(first, YEAR)), _back(first, 1)), (max(first, _back(end, YEAR - 1)), end))
    short = ((_back(first, months), _back(first, 1)), (_back(end, months - 1), end))
    rows = [
        _claim(case_id, 1, "complaint_rate", cases, year), _claim(case_id, 2, "complaint_rate", cases, short),
        _claim(case_id, 3, "youth_participation", _monthly(drawn, "youth_participation"), year),
    ]
    columns = list(dict.fromkeys([*FIELDS, *TERMS]))
    table = pd.DataFrame(rows).reindex(columns=columns).fillna("")
    write_whole(folder / CLAIMS_FILE, b"\xef\xbb\xbf" + table.to_csv(index=False, lineterminator="\n").encode())


def _monthly(drawn: Drawn, outcome: str) -> pd.Series:
    """Count of a month in the communities of the pilot."""
    frame = panel_frame(drawn, outcome)
    counts: pd.Series = frame[frame["treated_from"].notna()].groupby("month")["numerator"].sum()
    return counts


def _back(month: pd.Timestamp, n: int) -> pd.Timestamp:
    return month - pd.DateOffset(months=n)


def _claim(case_id: str, number: int, outcome: str, counts: pd.Series, times: tuple[Months, Months]) -> dict[str, Any]:
    """A change of the monthly count in percent, rounded as issuers round."""
    base, period = (float(counts[(counts.index >= a) & (counts.index <= b)].mean()) for a, b in times)
    value = int(np.rint(100 * (period / base - 1)))
    word = "fell" if value < 0 else "rose"
    ends = [f"{month:%Y-%m}" for time in times for month in time]
    row = {
        "claim_id": f"{case_id}-{number:03d}", "case_id": case_id, "value": str(value), "unit": "%", "unit_class": "percent", "comparison": "before_after",
        "printed": say(f"demo.claim_{word}", Language.ZH, value=abs(value)), "outcome": outcome, "measure": COUNT_MEASURES[outcome], "scope": "treated",
        **dict(zip(("base_start", "base_end", "period_start", "period_end"), ends, strict=True)),
    }
    for language in Language:
        changed = say(f"demo.claim_{word}", language, value=abs(value))
        row |= {
            f"indicator_{language.value}": say(f"demo.claim_indicator_{outcome}", language),
            f"text_{language.value}": say(f"demo.claim_{outcome}", language, base=f"{ends[0]}–{ends[1]}", period=f"{ends[2]}–{ends[3]}", changed=changed),
        }
    return row
