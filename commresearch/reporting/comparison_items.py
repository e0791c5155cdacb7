"""The drawings of estimates and patterns as items of a page: each with a caption that says what is seen, a note and an alternative text."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.reporting import comparison_figures as estimates
from commresearch.reporting import comparison_score_figures as patterns
from commresearch.reporting.comparison_marks import axis_label
from commresearch.reporting.display import Figure
from commresearch.terms import Language, Unit
from commresearch.words import say
from commresearch.words.precision import decimals_of, fixed, short, with_interval

HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a drawing is about: the outcome (for its colour), its name as shown, the unit of its effects, and how it is to be shown."""

    outcome: str
    name: str
    unit: Unit
    language: Language
    conf_level: float = 0.95
    simulated: bool = False

    def say(self, key: str, **values: object) -> str:
        """A text of the scorecard catalogue."""
        return say(f"scorecard.{key}", self.language, **values)

    def note(self, key: str, **values: object) -> str:
        """A note, which says first whether the data are simulated."""
        text = self.say(key, level=f"{100 * self.conf_level:g}", axis=axis_label(self.unit, self.language), **values)
        return say("reports.simulated_note", self.language, note=text) if self.simulated else text


def forest_item(frame: pd.DataFrame, pooled: Mapping[str, float] | None, about: Subject, *, identity: str = "fig-forest") -> Figure:
    """Estimates beside one another, with what was pooled of them (columns as `comparison_figures.forest`)."""
    inside, claims = frame["pooled"].astype(bool) & (pooled is not None), frame["claim"].astype(bool)
    counts = {"n": len(frame), "k": int(inside.sum()), "apart": int((~inside & ~claims).sum()), "claims": int(claims.sum())}
    axis = axis_label(about.unit, about.language)
    alt = about.say("forest_alt", name=about.name, axis=axis, **counts)
    if pooled is None:
        caption = about.say("forest_caption_apart", name=about.name, axis=axis, **counts)
    else:
        effect = with_interval(pooled["estimate"], pooled["conf_low"], pooled["conf_high"])
        caption = about.say("forest_caption_pooled", name=about.name, axis=axis, effect=effect, **counts)
        alt += about.say("forest_alt_pooled", effect=effect)
    drawing = estimates.forest(frame, pooled, unit=about.unit, language=about.language, outcome=about.outcome, simulated=about.simulated)
    return Figure(id=identity, caption=caption, alt=alt, drawing=drawing, note=about.note("forest_note"))


def funnel_item(frame: pd.DataFrame, limits: pd.DataFrame, centre: float, about: Subject, *, identity: str = "fig-funnel") -> Figure:
    """Estimates between control limits (columns as `comparison_figures.funnel`)."""
    outside = [str(name) for name in frame.loc[frame["outside"].astype(bool), "label"]]
    joined = say("reports.joiner", about.language).join(outside)
    caption = about.say("funnel_caption", name=about.name, n=len(frame), outside=len(outside))
    alt = about.say("funnel_alt", n=len(frame)) + (about.say("funnel_alt_outside", names=joined) if outside else about.say("funnel_alt_inside"))
    drawing = estimates.funnel(
        frame, limits, centre=centre, unit=about.unit, language=about.language, outcome=about.outcome, simulated=about.simulated
    )
    return Figure(id=identity, caption=caption, alt=alt, drawing=drawing, note=about.note("funnel_note", centre=short(centre)))


def caterpillar_item(frame: pd.DataFrame, about: Subject, *, identity: str = "fig-caterpillar") -> Figure:
    """Shrunken effects with intervals of ranks (columns as `comparison_figures.caterpillar`)."""
    widest = int((frame["rank_high"] - frame["rank_low"]).max()) + 1
    values = {"n": len(frame), "widest": widest, "name": about.name}
    drawing = estimates.caterpillar(frame, unit=about.unit, language=about.language, outcome=about.outcome, simulated=about.simulated)
    return Figure(
        id=identity, caption=about.say("caterpillar_caption", **values), alt=about.say("caterpillar_alt", **values), drawing=drawing,
        note=about.note("caterpillar_note"),
    )


def harvest_item(frame: pd.DataFrame, *, language: Language, simulated: bool = False, identity: str = "fig-directions") -> Figure:
    """Directions of effects that cannot be pooled (columns as `comparison_figures.harvest`)."""
    words = {name: say(f"scorecard.harvest_{name}", language) for name in estimates.DIRECTIONS}
    listed = [
        say("scorecard.harvest_listed", language, case=r["label"], outcome=r["outcome"], direction=words[r["direction"]])
        for r in frame.to_dict("records")
    ]
    note = say("scorecard.harvest_note", language)
    return Figure(
        id=identity, caption=say("scorecard.harvest_caption", language, n=frame["label"].nunique(), outcomes=frame["outcome"].nunique()),
        alt=say("scorecard.harvest_alt", language, listed=say("scorecard.weights_pair_joiner", language).join(listed)),
        drawing=estimates.harvest(frame, language=language, simulated=simulated),
        note=say("reports.simulated_note", language, note=note) if simulated else note,
    )


def claim_item(frame: pd.DataFrame, about: Subject, *, identity: str = "fig-claim-estimate") -> Figure:
    """Claims beside what was measured again and estimated (columns as `comparison_figures.claim_remeasured`)."""
    marks = ("claimed", "remeasured", "estimated")
    listed = [
        about.say("claim_listed", case=r["label"], **{name: _plain(r[name], r[f"{name}_low"], r[f"{name}_high"]) for name in marks})
        for r in frame.to_dict("records")
    ]
    drawing = estimates.claim_remeasured(frame, unit=about.unit, language=about.language, outcome=about.outcome, simulated=about.simulated)
    return Figure(
        id=identity, caption=about.say("claim_caption", name=about.name, n=len(frame)), drawing=drawing, note=about.note("claim_note"),
        alt=about.say("claim_alt", axis=axis_label(about.unit, about.language), listed=about.say("weights_pair_joiner").join(listed)),
    )


def _plain(value: float, low: float, high: float) -> str:
    return fixed(value, decimals_of(value, low, high)) if np.isfinite(value) else "—"


def xy_item(
    frame: pd.DataFrame, names: tuple[str, str], fit: tuple[float, float], *, language: Language, simulated: bool = False, identity: str = "fig-xy"
) -> Figure:
    """Memberships in a solution and in the outcome (columns as `comparison_score_figures.xy_plot`).

    names : (solution, outcome)
    fit : (inclusion, coverage)
    """
    against = [str(r["label"]) for r in frame.to_dict("records") if r["x"] > HALF > r["y"]]
    joined = say("reports.joiner", language).join(against)
    note = say("scorecard.xy_note", language)
    drawing = patterns.xy_plot(frame, x_name=names[0], y_name=names[1], inclusion=fit[0], coverage=fit[1], language=language, simulated=simulated)
    told = say("scorecard.xy_alt_against", language, names=joined) if against else say("scorecard.xy_alt_none", language)
    return Figure(
        id=identity, caption=say("scorecard.xy_caption", language, solution=names[0], outcome=names[1], n=len(against)), drawing=drawing,
        alt=say("scorecard.xy_alt", language, n=len(frame)) + told, note=say("reports.simulated_note", language, note=note) if simulated else note,
    )


def chance_item(
    frame: pd.DataFrame, *, n_cases: int, n_conditions: int, draws: int, language: Language, simulated: bool = False, identity: str = "fig-chance"
) -> Figure:
    """Measures of fit beside what random outcomes give (columns as `comparison_score_figures.chance_benchmark`)."""
    columns = {"low": "chance_low", "high": "chance_high", "observed": "observed"}
    listed = [
        say("scorecard.chance_listed", language, measure=r["label"], **{k: fixed(r[c], 2) for k, c in columns.items()})
        for r in frame.to_dict("records")
    ]
    note = say("scorecard.chance_note", language, draws=f"{draws:,}")
    return Figure(
        id=identity, caption=say("scorecard.chance_caption", language, n=n_cases, k=n_conditions),
        alt=say("scorecard.chance_alt", language, listed=say("scorecard.weights_pair_joiner", language).join(listed)),
        drawing=patterns.chance_benchmark(frame, language=language, simulated=simulated),
        note=say("reports.simulated_note", language, note=note) if simulated else note,
    )
