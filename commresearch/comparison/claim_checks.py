"""One function per mechanical check; each yields findings for the claims it applies to.

All take the claims without repeats, and none changes them. Bounds are those the qualifiers allow.
"""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from commresearch.comparison.finding import Finding, Words
from commresearch.terms import CHANGES, Comparison, Kind, UnitClass, Verdict
from commresearch.words import number

PEER_RATIO = 2.0  #: a ratio this many times above or below its peers' median is worth a question
MIN_PEERS = 4  #: fewer other cases carry no median worth holding anything against
FULL = 100.0  #: percent


def parts_against_total(claims: pd.DataFrame) -> Iterator[Finding]:
    """C01: do printed parts sum to the printed total, exactly or within what the qualifiers allow?"""
    by_id = claims.set_index("claim_id")
    for total_id, parts in claims[claims["part_of"].isin(by_id.index)].groupby("part_of", sort=False):
        if len(parts) < 2:
            continue
        total = by_id.loc[total_id]
        sums = parts[["value", "value_low", "value_high"]].sum(skipna=False)
        high = math.inf if pd.isna(sums["value_high"]) else sums["value_high"]
        values = {
            "parts": " + ".join(number(v) for v in parts["value"]), "sum": number(sums["value"]),
            "total": number(total["value"]), "rest": number(total["value"] - sums["value"]),
        }
        if sums["value"] == total["value"]:
            yield Finding(claim_id=str(total_id), verdict=Verdict.CONSISTENT, text="C01_equal", values=values)
        elif sums["value_low"] <= _high(total) and high >= total["value_low"]:
            yield Finding(claim_id=str(total_id), verdict=Verdict.CONSISTENT, text="C01_within", values=values)
        elif sums["value_low"] > _high(total):
            yield Finding(claim_id=str(total_id), verdict=Verdict.DISAGREES_WITHIN, text="C01_above", values=values)
        else:
            yield Finding(claim_id=str(total_id), verdict=Verdict.CONSISTENT, text="C01_below", values=values)


def share_of_base(claims: pd.DataFrame) -> Iterator[Finding]:
    """C02: is there a whole number of things that gives the printed share of the printed base?"""
    shares = claims[(claims["unit_class"] == UnitClass.PERCENT) & claims["denominator"].notna() & ~claims["comparison"].isin(CHANGES)]
    for claim in shares.itertuples():
        low, high = _share_bounds(claim)
        first, last = _first_whole(low / FULL * claim.denominator), math.floor(high / FULL * claim.denominator + 1e-9)
        values = {"share": number(claim.value), "base": number(claim.denominator), "first": number(first), "last": number(last)}
        found = first <= last
        yield Finding(
            claim_id=claim.claim_id, values=values, text="C02_found" if found else "C02_none",
            verdict=Verdict.CONSISTENT if found else Verdict.TO_VERIFY,
        )


def per_unit_against_peers(claims: pd.DataFrame) -> Iterator[Finding]:
    """C05: a ratio of two numbers of one statement, beside the same kind of ratio in other cases."""
    rated = _ratios(claims)
    for row in rated.itertuples():
        peers = rated[(rated["kind_of_ratio"] == row.kind_of_ratio) & (rated["case_id"] != row.case_id) & rated["comparable"]]
        of_cases = peers.groupby("case_id")["ratio"].median()
        values = {
            "top": number(row.value), "bottom": number(row.per_value), "ratio": number(_round(row.ratio)), "n": len(of_cases),
            "unit": Words((f"labels.class_{row.unit_class}",)), "per": Words((f"labels.class_{row.per_class}",)),
        }
        if len(of_cases) < MIN_PEERS:
            yield Finding(claim_id=row.claim_id, verdict=Verdict.CONSISTENT, text="C05_alone", values=values)
            continue
        median = float(of_cases.median())
        values |= {"median": number(_round(median)), "times": number(_round(max(row.ratio / median, median / row.ratio)))}
        far = not median / PEER_RATIO <= row.ratio <= median * PEER_RATIO
        text = ("C05_above" if row.ratio > median else "C05_below") if far else "C05_near"
        verdict = Verdict.TO_VERIFY if far else Verdict.CONSISTENT
        yield Finding(claim_id=row.claim_id, verdict=verdict, text=text, values=values)


def missing_base(claims: pd.DataFrame) -> Iterator[Finding]:
    """C08: are base, period and denominator printed where the kind of claim needs them?"""
    for claim in claims[claims["kind"].isin([Kind.OUTCOME, Kind.REACH]) | claims["comparison"].isin(CHANGES)].itertuples():
        missing = missing_elements(claim)
        if missing:
            words = Words(tuple(f"checks.element_{m}" for m in missing))
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C08_missing", values={"missing": words})
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C08_complete")


def missing_elements(claim: Any) -> list[str]:
    """Which of base, period and denominator a reader needs and does not find."""
    missing = []
    if claim.comparison in CHANGES and pd.isna(claim.baseline):
        missing.append("base")
    if not (claim.period_start or claim.period_end):
        missing.append("period")
    is_share = claim.comparison == Comparison.SHARE or (claim.unit_class == UnitClass.PERCENT and claim.comparison not in CHANGES)
    if is_share and pd.isna(claim.denominator):
        missing.append("denominator")
    return missing


def percent_or_points(claims: pd.DataFrame) -> Iterator[Finding]:
    """C09: a change printed in % of something that is itself a share may mean percent or percentage points."""
    changes = claims[claims["comparison"].isin(CHANGES) & claims["unit_class"].isin([UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS])]
    for claim in changes.itertuples():
        if claim.unit_class == UnitClass.PERCENTAGE_POINTS or "率" not in claim.indicator_zh:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_clear", values={"value": number(claim.value)})
            continue
        rise = claim.value > 0
        values = {
            "value": number(abs(claim.value)), "relative": number(round(FULL / (1 + claim.value / FULL), 1)),
            "points": number(FULL - claim.value),
        }
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_rise" if rise else "C09_fall", values=values)


def enumeration(claims: pd.DataFrame) -> Iterator[Finding]:
    """C15: does a printed count equal the number of things listed after it?"""
    for claim in claims[claims["listed"].notna()].itertuples():
        values = {"value": number(claim.value), "listed": number(claim.listed)}
        if claim.listed > _high(claim):
            verdict, text = Verdict.DISAGREES_WITHIN, "C15_more"
        elif claim.listed < claim.value_low:
            verdict, text = Verdict.TO_VERIFY, "C15_fewer"
        else:
            verdict, text = Verdict.CONSISTENT, "C15_equal"
        yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def two_values(claims: pd.DataFrame) -> Iterator[Finding]:
    """C16: the same quantity printed with two values; compatible where the qualifiers' bounds meet."""
    by_id = claims.set_index("claim_id")
    for claim in claims[claims["conflicts_with"] != ""].itertuples():
        for other_id in claim.conflicts_with.split():
            other = by_id.loc[other_id]
            meet = claim.value_low <= _high(other) and other["value_low"] <= _high(claim)
            values = {
                "value": claim.printed, "line": f"{claim.source_id}:{claim.line}", "other": other["printed"],
                "other_line": f"{other['source_id']}:{other['line']}",
            }
            verdict, text = (Verdict.CONSISTENT, "C16_meet") if meet else (Verdict.DISAGREES_WITHIN, "C16_differ")
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def stock_or_flow(claims: pd.DataFrame) -> Iterator[Finding]:
    """C19: a count of things done is a running total, a figure per period or a state at a date: does the text say which?"""
    counted = claims[claims["kind"].isin([Kind.ACTIVITY, Kind.OUTPUT, Kind.REACH]) & (claims["comparison"] == Comparison.LEVEL)]
    for claim in counted[~counted["unit_class"].isin([UnitClass.PERCENT, UnitClass.DURATION, UnitClass.RANK])].itertuples():
        if claim.cumulative == "":
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C19_open")
        elif claim.cumulative == "yes" and not claim.period_start:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C19_no_start")
        else:
            text = "C19_total" if claim.cumulative == "yes" else "C19_period"
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=text)


def _ratios(claims: pd.DataFrame) -> pd.DataFrame:
    """Claims with the claim they are naturally divided by: ratio and the pair of unit classes."""
    bottom = claims[["claim_id", "value", "unit_class"]].set_axis(["per", "per_value", "per_class"], axis=1)
    rated = claims[claims["value"] > 0].merge(bottom[bottom["per_value"] > 0], on="per", how="inner", validate="many_to_one")
    kind_of_ratio = rated["unit_class"] + "/" + rated["per_class"]
    # Items are as unlike as a wish and a function: ratios over them, or of a class to itself, are shown but not compared.
    comparable = (rated["per_class"] != UnitClass.ITEM) & (rated["per_class"] != rated["unit_class"])
    return rated.assign(ratio=rated["value"] / rated["per_value"], kind_of_ratio=kind_of_ratio, comparable=comparable)


def _high(claim: Any) -> float:
    """Upper end of a claim; no upper end reads as infinity."""
    return math.inf if pd.isna(claim.value_high) else float(claim.value_high)


def _share_bounds(claim: Any) -> tuple[float, float]:
    """Bounds of a printed share in percent: its qualifier's, else half a unit of its last printed digit."""
    if claim.qualifier:
        return claim.value_low, min(_high(claim), FULL)
    decimals = len(claim.printed.partition(".")[2].rstrip("%"))
    half = 0.5 * 10.0**-decimals
    return max(claim.value - half, 0.0), min(claim.value + half, FULL)


def _first_whole(x: float) -> int:
    return math.ceil(x - 1e-9)


def _round(x: float) -> float:
    """Three significant digits: a ratio of rounded numbers carries no more."""
    return float(f"{x:.3g}")
