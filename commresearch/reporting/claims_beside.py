"""Claims beside data and estimates: one drawing, one table of what lies between, and a sentence for each; for reports on one case and on several."""

import math

import pandas as pd

from commresearch.reporting.cells import DASH
from commresearch.reporting.comparison_figures import claim_remeasured
from commresearch.reporting.display import Item, Table, bullets
from commresearch.reporting.stamped_page import StampedPage
from commresearch.terms import Unit
from commresearch.words import say
from commresearch.words.precision import decimals_of, signed

FAR = 0.3  #: part of a claim by which an estimate lies far from it
PARTS = ("recording", "season", "common", "regression", "remainder")


def claims_beside(page: StampedPage, frame: pd.DataFrame, outcome: str = "") -> list[Item]:
    """What was claimed, what the data give on the claim's own terms, what the estimate says, and what lies between.

    Parameters
    ----------
    page : StampedPage
    frame : DataFrame
        As `comparison_frame` gives it, with summary_zh and summary_en: one row per claim, also those that cannot be compared.
    outcome : str
        Gives the colour of the drawing.
    """
    measured = frame[frame["remeasured"].notna()]
    items: list[Item] = []
    for unit, group in measured.groupby("unit", sort=False):
        items += [_figure(page, group, Unit(str(unit)), outcome), _parts_table(page, group, Unit(str(unit)))]
    return [*items, bullets(str(text) for text in frame[f"summary_{page.language}"])]


def far_apart(claims: pd.DataFrame) -> int:
    """Claims whose estimate lies far from them."""
    return int(((claims["estimated"] - claims["claimed"]).abs() > FAR * claims["claimed"].abs()).sum())


def _say(page: StampedPage, key: str, **values: object) -> str:
    return say(f"pilots.claims_{key}", page.language, **values)


def _figure(page: StampedPage, frame: pd.DataFrame, unit: Unit, outcome: str) -> Item:
    drawn = frame.rename(columns={"regression": "regression_to_mean"}).assign(label=frame[f"label_{page.language}"])
    drawing = claim_remeasured(drawn, unit=unit, language=page.language, outcome=outcome, simulated=page.is_simulated)
    name = _axis(page, unit)
    return page.figure(
        f"claims-{unit}".replace("_", "-"), _say(page, "figure_caption", unit=name), _say(page, "figure_alt", n=len(frame), apart=far_apart(frame)), drawing, _say(page, "figure_note"),
    )


def _axis(page: StampedPage, unit: Unit) -> str:
    return say(f"impact.axis_{unit}", page.language)


def _parts_table(page: StampedPage, frame: pd.DataFrame, unit: Unit) -> Table:
    rows = [
        [str(r[f"label_{page.language}"]), _number(r["claimed"]), _number(r["remeasured"]), *(_number(r[part]) for part in PARTS), _interval(r)]
        for r in frame.to_dict("records")
    ]
    header = [_say(page, f"col_{key}") for key in ("claim", "claimed", "remeasured", *PARTS, "estimated")]
    return page.table(
        f"claims-{unit}".replace("_", "-"), _say(page, "table_caption", unit=_axis(page, unit)), header, rows, align="lrrrrrrrr",
        widths=(15, 9, 10, 10, 8, 9, 11, 12, 16), note=_say(page, "table_note"),
    )


def _number(value: float) -> str:
    return DASH if math.isnan(value) else signed(value, 0 if abs(value) >= 10 else 1)


def _interval(row: dict[object, float]) -> str:
    estimate, low, high = row["estimated"], row["estimated_low"], row["estimated_high"]
    if math.isnan(estimate):
        return DASH
    digits = max(decimals_of(estimate, low, high), 0)
    return f"{signed(estimate, digits)} ({signed(low, digits)}, {signed(high, digits)})"
