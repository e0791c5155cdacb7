"""The comparison of pilots: what every section needs, the first screen, the table of effects, and what simulated effects hold of the truth.

Pooling stands in `pilots_pooling`, combinations of mechanisms in `pilots_sets`; a notebook calls all.
"""

import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.comparison.pooled_result import Comparison
from commresearch.reporting.cells import DASH, capital, without_codes
from commresearch.reporting.claims_beside import claims_beside, far_apart
from commresearch.reporting.display import EXPLAINS, Item, Table, bullets, callout, heading
from commresearch.reporting.stamped_page import StampedPage
from commresearch.simulate.cities import RULE
from commresearch.terms import Grade, Language, Unit
from commresearch.words import entries, has, say
from commresearch.words.effects import outcome_name
from commresearch.words.precision import decimals_of, fixed, signed
from commresearch.workflow.pilot_comparison import PilotComparison, compare_pilots
from commresearch.workflow.pilot_effects import PilotEffects, read_effects

Row = Mapping[Hashable, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class PilotsPage(StampedPage):
    """A comparison of pilots being reported."""

    catalogue = "pilots"
    found: PilotComparison
    language: Language
    prefix: str = "pilots"

    @property
    def effects(self) -> PilotEffects:
        """What the comparison starts from."""
        return self.found.effects

    @property
    def is_simulated(self) -> bool:
        """Whether any pilot was made by a program."""
        return self.effects.is_simulated

    @cached_property
    def names(self) -> dict[str, str]:
        """Short names of the pilots by id, in the order given."""
        return dict(zip(self.effects.places["case_id"], self.effects.places[f"name_{self.language}"], strict=True))

    @property
    def outcomes(self) -> list[str]:
        """Outcomes of which any pilot has an estimate."""
        return list(self.found.pooled)

    def outcome(self, name: str) -> str:
        """Name of an outcome, as it stands at the beginning of a sentence."""
        return capital(outcome_name(name, self.language))

    def axis(self, unit: str | Unit | None) -> str:
        """The unit of an effect as the head of a column."""
        return say(f"impact.axis_{unit}", self.language) if has(f"impact.axis_{unit}") else str(unit or DASH)

    def in_unit(self, text: str, unit: str | Unit | None) -> str:
        """A number with its unit."""
        return say(f"effects.unit_{unit}", self.language, n=text)

    def set_name(self, name: str) -> str:
        """Name of a set: of those of simulated pilots in words, of others as they were called."""
        return self.say(f"set_{name}") if has(f"pilots.set_{name}") else self.own(name)

    def plain(self, text: Mapping[str, str]) -> str:
        """A refusal in the language of the page, without its code."""
        return without_codes(text[self.language.value])

    def named(self, text: str) -> str:
        """A sentence in which ids of pilots are replaced by their names."""
        for case_id, name in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            text = re.sub(rf"\b{re.escape(case_id)}\b", name, text)
        return text


def open_page(folder: str | Path, language: str) -> PilotsPage:
    """Read the tables of a comparison and compare (errors as `read_effects` and `compare_pilots`)."""
    return PilotsPage(found=compare_pilots(read_effects(Path(folder))), language=Language(language))


def cell(estimate: float, low: float, high: float) -> str:
    """An effect and its interval in one cell: −26 (−35, −17); a dash where there is none."""
    if math.isnan(estimate):
        return DASH
    digits = max(decimals_of(estimate, low, high), 0)
    if math.isnan(low) or math.isnan(high):
        return signed(estimate, digits)
    return f"{signed(estimate, digits)} ({', '.join(_end(x, digits) for x in (low, high))})"


def _end(value: float, digits: int) -> str:
    return ("−∞" if value < 0 else "+∞") if math.isinf(value) else signed(value, digits)


def number(value: float, digits: int = 2) -> str:
    """A number with so many decimals, a dash for none."""
    return fixed(value, digits) if math.isfinite(value) else DASH


def rows_of(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows of a table as mappings."""
    return frame.to_dict("records")


# ---------------------------------------------------------------- first screen


def first_screen(page: PilotsPage) -> list[Item]:
    """One sentence per outcome, the numbers beside one another, how far to trust them."""
    stamp = [callout(say("impact.simulated_title", page.language), say("impact.simulated_body", page.language), "warning")] if page.is_simulated else []
    return [
        *stamp, *(page.prose(lead(page, o)) for o in page.outcomes), _panel(page),
        callout(page.say("trust_title"), page.say("trust_body"), "important"), page.prose(page.say("provenance", n=len(page.names))),
    ]


def lead(page: PilotsPage, outcome: str) -> str:
    """What the pilots say together of one outcome, in a sentence or two."""
    pooled, n = page.found.pooled[outcome], int((page.effects.effects["outcome"] == outcome).sum())
    values = {"outcome": page.outcome(outcome), "places": len(page.names), "n": n, "k": pooled.k}
    if not pooled.pooled:
        return page.say("lead_refused", **values, why=page.join(page.named(r.text(page.language)) for r in pooled.refusals))
    digits = max(decimals_of(pooled.estimate, pooled.conf_low, pooled.conf_high), 0)
    text = page.say(
        "lead_pooled", **values, effect=page.in_unit(signed(pooled.estimate, digits), pooled.unit), level=f"{100 * pooled.conf_level:g}%",
        low=signed(pooled.conf_low, digits), high=page.in_unit(signed(pooled.conf_high, digits), pooled.unit),
    )
    if math.isnan(pooled.pred_low):
        return text
    further = page.say("lead_further", low=signed(pooled.pred_low, digits), high=page.in_unit(signed(pooled.pred_high, digits), pooled.unit))
    return text + ("" if page.language is Language.ZH else " ") + further


def _panel(page: PilotsPage) -> Table:
    rows = []
    for outcome in page.outcomes:
        pooled = page.found.pooled[outcome]
        mine = page.effects.effects[page.effects.effects["outcome"] == outcome]
        rows.append([
            page.outcome(outcome), str(len(mine)), str(pooled.k), cell(pooled.estimate, pooled.conf_low, pooled.conf_high), cell_of_prediction(pooled), page.axis(pooled.unit),
        ])
    return page.table(
        "panel", page.say("panel_caption"), page.header("col_outcome", "col_estimated", "col_entering", "col_pooled", "col_prediction", "col_unit"), rows,
        align="lrrrrl", widths=(18, 12, 14, 20, 18, 18),
    )


def cell_of_prediction(pooled: Comparison) -> str:
    """Where one more pilot may lie; a dash where it is not stated."""
    if math.isnan(pooled.pred_low):
        return DASH
    digits = max(decimals_of(pooled.estimate, pooled.conf_low, pooled.conf_high), 0)
    return f"({signed(pooled.pred_low, digits)}, {signed(pooled.pred_high, digits)})"


# ---------------------------------------------------------------- effects


def effects(page: PilotsPage) -> list[Item]:
    """Every pilot's estimates and their grades, in the order given; then those that have none, with the reason."""
    items: list[Item] = [heading(page.say("effects_heading", n=len(page.effects.effects), places=len(page.names)))]
    for (outcome, unit), mine in page.effects.effects.groupby(["outcome", "unit"], sort=False):
        rows = [_effect_row(page, row) for row in rows_of(mine)]
        items.append(page.table(
            f"effects-{outcome}-{unit}".replace("_", "-"), page.say("effects_caption", outcome=page.outcome(str(outcome)), unit=page.axis(str(unit))),
            page.header("col_pilot", "col_effect", "col_grade", "col_units", "col_failed"), rows, align="lrlrl", widths=(18, 24, 10, 16, 32), note=page.say("effects_note"),
        ))
    lines = [page.text("refused_line", place=page.names[r["case_id"]], outcome=page.outcome(r["outcome"]), why=page.plain({x.value: str(r[x.value]) for x in Language})) for r in rows_of(page.effects.refusals)]
    return [*items, *([heading(page.say("refused_heading", n=len(lines)), 2), bullets(lines)] if lines else [])]


def _effect_row(page: PilotsPage, row: Row) -> list[str]:
    failed = page.join(say(f"effects.check_{name}", page.language) for name in str(row["failed_checks"]).split())
    units = f"{int(row['n_units'])} / {int(row['n_treated'])}"
    return [page.names[row["case_id"]], cell(row["estimate"], row["conf_low"], row["conf_high"]), str(row["grade"]), units, capital(failed) if failed else DASH]


# ---------------------------------------------------------------- claims


def claims(page: PilotsPage) -> list[Item]:
    """What was said of the pilots, beside data and estimate; none where nothing was."""
    frame = page.effects.claims
    if frame.empty:
        return []
    named = frame.assign(**{
        f"label_{x}": [page.say("claims_place", place=page.names[c], label=label) for c, label in zip(frame["case_id"], frame[f"label_{x}"], strict=True)] for x in Language
    })
    return [
        heading(page.say("claims_heading", n=len(named), apart=far_apart(named))), page.prose(page.say("claims_lead")),
        *claims_beside(page, named, str(named["outcome"].iloc[0]) if "outcome" in named else ""),
    ]


# ---------------------------------------------------------------- truth


def truth(page: PilotsPage) -> list[Item]:
    """Of simulated pilots: how often intervals held the truth, by grade, and the misses one by one."""
    beside = page.found.misses()
    if beside.empty:
        return []
    good = beside["grade"] >= Grade.E3.value
    missed = rows_of(beside[~beside["held"]])
    lead_text = page.say("truth_lead", n=int(good.sum()), held=int((good & beside["held"]).sum()), low=int((~good).sum()), low_held=int((~good & beside["held"]).sum()))
    rows = [
        [page.names[r["case_id"]], page.outcome(r["outcome"]), signed(r["truth"], 1), cell(r["estimate"], r["conf_low"], r["conf_high"]), str(r["grade"])] for r in missed
    ]
    items: list[Item] = [heading(page.say("truth_heading", missed=len(missed), n=len(beside))), page.prose(lead_text, page.text("truth_rule", rule=RULE))]
    if rows:
        header = page.header("col_pilot", "col_outcome", "col_truth", "col_effect", "col_grade")
        items.append(page.table("misses", page.say("misses_caption"), header, rows, align="llrrl", widths=(20, 22, 16, 28, 14), note=page.say("misses_note")))
    return items


# ---------------------------------------------------------------- appendix


def appendix(page: PilotsPage, version: str) -> list[Item]:
    """Definitions, words by grade, the version."""
    lines = [page.text("definition_line", text=row[page.language.value]) for row in rows_of(page.effects.definitions)]
    rows = [[grade, texts[page.language.value], texts[f"words_{page.language}"]] for grade, texts in entries("grades").items()]
    header = [say(f"impact.{key}", page.language) for key in ("col_grade", "words_means", "words_allowed")]
    return [
        heading(page.say("appendix_heading")), bullets([*lines, *(page.say(f"reading_{what}") for what in ("interval", "prediction", "shrunk", "sets"))]),
        replace(page.table("words", say("impact.words_caption", page.language), header, rows, align="lll", widths=(10, 50, 40)), evidence=EXPLAINS),
        page.prose(say("reports.version_text", page.language, version=version)),
    ]
