"""What is true of a fictional pilot: effects from what is expected with and without it, what was planted beside them, totals of the panels."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from commresearch.simulate.demo_panels import UNITS, Drawn, panel_frame, potential_values, treated_cells, true_effect
from commresearch.simulate.demo_pilots import DemoPilot
from commresearch.simulate.demo_surveys import DemoAnswers
from commresearch.simulate.log_places import NEVER, month_at
from commresearch.simulate.log_registers import late_registers
from commresearch.simulate.logs import SimulatedLogs
from commresearch.terms import Language
from commresearch.words import say

EFFECT_UNITS = {**UNITS, "complaint_rate": "percent"}
DIGITS = 6
HEADLINES = ("overall", "participated", "youth_participation")  #: questions of surveys whose true answers in the population are told


def demo_truth(pilot: DemoPilot, logs: SimulatedLogs, surveys: tuple[DemoAnswers, ...], files: Mapping[str, str]) -> dict[str, Any]:
    """Everything that is true of a pilot, JSON-safe.

    Returns
    -------
    dict
        simulated (True), case_id, design, seed, places; outcomes: by outcome unit, effect, definition, refused, treated units and months, panel totals
        and what would have been expected of them without the pilot; planted; breaks; dirt; surveys; files: name → SHA-256.
    """
    spec = pilot.spec
    drawn = drawn_of(logs)
    dirt = logs.truth.dirt
    kept = dirt[~dirt["table"].isin(pilot.left_out)]
    return {
        "simulated": True, "case_id": pilot.case_id, "design": pilot.design, "design_text": _both(f"demo.design_{pilot.design}"), "seed": pilot.seed,
        "name": {"zh": spec.names.place, "en": spec.names.place_en}, "months": list(logs.months), "chosen_by": spec.chosen_by, "assigned_level": spec.assigned_level,
        "outcomes": {outcome: _outcome(pilot, drawn, outcome) for outcome in pilot.outcomes}, "planted": list(_planted(pilot, drawn)),
        "breaks": logs.truth.breaks.assign(day=logs.truth.breaks["day"].dt.strftime("%Y-%m-%d")).to_dict("records"),
        "dirt": kept.groupby(["table", "column", "kind"], sort=True).size().rename("cells").reset_index().to_dict("records"),
        "surveys": [_survey(made) for made in surveys], "files": dict(sorted(files.items())),
    }


def drawn_of(logs: SimulatedLogs) -> Drawn:
    """What happened, of logs that were simulated already."""
    return Drawn(spec=logs.spec, places=logs.places, rates=logs.rates, tickets=logs.tickets, signins=logs.signins, rooms=logs.rooms)


def _outcome(pilot: DemoPilot, drawn: Drawn, outcome: str) -> dict[str, Any]:
    frame = panel_frame(drawn, outcome)
    treated = treated_cells(drawn)
    without, with_pilot = potential_values(drawn, outcome)
    live = frame[frame["live"]]
    return {
        "unit": EFFECT_UNITS[outcome], "effect": round(true_effect(drawn, outcome), DIGITS), "definition": _both(f"demo.effect_{outcome}"),
        "refused": outcome in pilot.refused, "treated_units": int(treated.any(axis=1).sum()), "treated_cells": int(treated.sum()),
        "panel": {
            "cells": len(frame), "live_cells": len(live), "numerator": round(float(live["numerator"].sum()), DIGITS),
            "denominator": round(float(live["denominator"].sum()), DIGITS),
        },
        "expected": {
            "of": "cases" if outcome == "complaint_rate" else "percent", "before": round(float(without[~treated].mean()), DIGITS),
            "without": round(float(without[treated].mean()), DIGITS), "with": round(float(with_pilot[treated].mean()), DIGITS),
        },
    }


def _planted(pilot: DemoPilot, drawn: Drawn) -> Iterator[dict[str, Any]]:
    """What was planted, with its amounts and in words."""
    for key in pilot.planted:
        values = _amounts(key, drawn)
        yield {"key": key, **values, "text": _both(f"demo.planted_{key}", **values)}


def _amounts(key: str, drawn: Drawn) -> dict[str, Any]:
    spec = drawn.spec
    if key == "late_register":
        return {"units": [drawn.places.communities[i].code for i in late_registers(spec, drawn.places)]}
    if key == "concurrent_programme":
        return {"percent": spec.concurrent}
    if key == "recoding" and spec.tickets.recoding is not None:
        return {"month": f"{month_at(spec, spec.tickets.recoding):%Y-%m}", "share": round(100 * spec.tickets.recoded, 1)}
    if key == "regression_to_mean":
        return {"months": spec.selected_on, "percent": round(_fall_without_pilot(drawn), 1)}
    return {}


def _fall_without_pilot(drawn: Drawn) -> float:
    """By how many percent the chosen communities fall, against the season of all, from the months they were chosen by to those of the pilot."""
    rates, first = drawn.rates.untreated["complaint_rate"], min(drawn.spec.starts) + 1
    chosen = drawn.places.starts != NEVER
    relative = rates[chosen].mean(axis=0) / rates.mean(axis=0)
    return float(100 * (1 - np.mean(relative[first:]) / np.mean(relative[first - drawn.spec.selected_on : first])))


def _survey(made: DemoAnswers) -> dict[str, Any]:
    told = made.survey.to_dict()
    parameters = [line for line in told["parameters"] if line["variable"] in HEADLINES]  # type: ignore[attr-defined]
    facts = {"wave": made.settings.wave, "platform": made.settings.platform.value, "sampling": made.settings.sampling.value, "sheets": told["sheets"]}
    return facts | {"margins": told["margins"], "parameters": parameters}


def _both(key: str, **values: object) -> dict[str, str]:
    return {language.value: say(key, language, **values) for language in Language}
