"""The effects of a report as JSON: the numbers of estimates.json that a reader would take on, under a schema that comes with the package."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commresearch.records import canonical_json, write_whole
from commresearch.records.effects import EFFECT_COLUMNS, PATH_COLUMNS
from commresearch.reporting.rendering import template
from commresearch.terms import Language
from commresearch.words import say

FORMAT = "commresearch-effects/1"
SCHEMA = "effects.schema.json"
EFFECTS = "effects"
HOW = ("method", "inference", "estimand")
COUNTS = ("n_obs", "n_units", "n_clusters", "n_treated")


def effects_schema() -> Mapping[str, Any]:
    """The JSON schema (2020-12) of the file."""
    schema: Mapping[str, Any] = json.loads(template(SCHEMA).read_text(encoding="utf8"))
    return schema


def effects_content(estimates: Mapping[str, Any]) -> dict[str, Any]:
    """What the file holds.

    Parameters
    ----------
    estimates
        The content of estimates.json.

    Returns
    -------
    dict
        case, name, conf_level, whether the data are simulated (`data`, with `mark` in words), and `effects`: one entry per outcome with estimate,
        interval, unit, method, counts, grade, summary and event study, or the reason why there is none. Numbers are those of estimates.json.
    """
    is_simulated = bool(estimates["fictional"])
    return {
        "format": FORMAT, "data": "simulated" if is_simulated else "received",
        "mark": {x.value: say("reports.simulated_banner", x) for x in Language} if is_simulated else None,
        "case": estimates["case"], "name": dict(estimates["name"]), "conf_level": estimates["conf_level"],
        "effects": [_effect(one) for one in estimates["outcomes"]],
    }


def _effect(one: Mapping[str, Any]) -> dict[str, Any]:
    """One outcome; its effect is None where it could not be estimated."""
    effect, study = one["estimate"], one["event_study"]
    made = None
    if effect is not None:
        made = {name: effect[name] for name in (*EFFECT_COLUMNS, *HOW, *COUNTS, "grade")} | {
            "summary": dict(effect["summary"]), "caveats": [dict(note["text"]) for note in effect["warnings"]],
        }
    path = [] if study is None or study["path"] is None else study["path"]
    return {
        "outcome": one["outcome"], "definition": dict(one["definition"]), "effect": made, "refusal": None if one["refusal"] is None else dict(one["refusal"]),
        "event_study": [{"event_time": row["event_time"], **{name: row[name] for name in PATH_COLUMNS}} for row in path],
    }


def write_effects(estimates: Path, folder: Path, *, is_simulated: bool) -> Path:
    """Write effects.json, or effects_simulated.json, beside a report and return its path."""
    path = folder / f"{EFFECTS}{'_simulated' if is_simulated else ''}.json"
    write_whole(path, canonical_json(effects_content(json.loads(estimates.read_text(encoding="utf8")))))
    return path
