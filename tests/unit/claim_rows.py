"""Claims written by hand, for tests of checks."""

from dataclasses import replace

import pandas as pd

from commresearch.cases.claim import FIELDS, Claim
from commresearch.comparison import audit_claims

NAN = float("nan")
PLAIN = Claim(
    claim_id="a-001", case_id="a", place="", place_en="", indicator_zh="项目", indicator_en="Projects", family="services", kind="output", value=10.0,
    value_low=10.0, value_high=10.0, qualifier="", unit="个", unit_class="item", comparison="level", baseline=NAN, denominator=NAN, period_start="",
    period_end="", period_words="", period_words_en="", cumulative="no", printed="10个", source_id="S0", line=1, headline="", headline_fit="", repeat_of="",
    conflicts_with="", part_of="", per="", listed=NAN, text_en="", text_zh="",
)


def claim(number, value=10.0, low=None, high=None, **changes):
    case = changes.pop("case_id", "a")
    ends = {"value_low": value if low is None else low, "value_high": value if high is None else high}
    return replace(PLAIN, claim_id=f"{case}-{number:03}", case_id=case, value=value, **{"printed": f"{value:g}个", **ends, **changes})


def change(value, printed=None, **changes):
    """A change in percent of something counted."""
    named = {"indicator_zh": "投诉量", "indicator_en": "Complaints", "kind": "outcome", "unit": "%", "counted": "event", **changes}
    return claim(1, value, unit_class="percent", comparison="year_on_year", printed=printed or f"{abs(value):g}%", **named)


def frame(*claims):
    """The claims as a table; an id that is given twice by a test gets a mark, for a table holds each once."""
    table = pd.DataFrame([{f: getattr(c, f) for f in FIELDS} for c in claims])
    again = table.groupby("claim_id").cumcount()
    return table.assign(claim_id=table["claim_id"].where(again == 0, table["claim_id"] + "x" + again.astype("str")))


def verdicts(check, *claims):
    audit = audit_claims(frame(*claims), language="en")
    return [tuple(row) for row in audit.loc[audit["check"] == check, ["claim_id", "verdict", "detail"]].to_numpy()]


def questions(check, *claims, language="en"):
    audit = audit_claims(frame(*claims), language=language)
    return audit.loc[audit["check"] == check, "question"].tolist()
