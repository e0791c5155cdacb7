"""The report on the impact of a case: what every section needs.

A section is a function from an opened page to the items it shows. First screen and the table of effects stand in `impact_summary`, one section per
outcome in `impact_outcomes`, how grades come about, plan, definitions, references and numbers of figures in `impact_reading`; a notebook calls all.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases.case import Release
from commresearch.errors import CaseError, Failure
from commresearch.records.effects import Effect
from commresearch.reporting.cells import DASH, capital, without_codes
from commresearch.reporting.display import STRICTEST, Table
from commresearch.reporting.impact_tables import Record, effect_of
from commresearch.reporting.stamped_page import StampedPage
from commresearch.terms import Language, Outcome, Unit
from commresearch.words import has, period, say
from commresearch.words.effects import outcome_name
from commresearch.words.precision import MINUS, decimals_of, fixed, signed
from commresearch.workflow.case_claims import claims_frame
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES, read_estimates
from commresearch.workflow.edition import edition_of

KEYS = ("case", "name", "seed", "conf_level", "fictional", "plan", "outcomes")
SMALLEST_P = 0.001  #: p values below are said to be so
HYPHEN = re.compile(r"(?<![A-Za-z0-9_.])-(?=\d)")  #: before a negative number


@dataclass(frozen=True, kw_only=True, eq=False)
class ImpactPage(StampedPage):
    """The estimates of a case being reported on.

    case : mapping
        What `estimates.json` holds.
    claims : DataFrame
        What was published of the case beside its data and estimates (`claims_frame`); empty where nothing was.
    """

    catalogue = "impact"
    case: Mapping[str, Any]
    language: Language
    prefix: str = "impact"
    claims: pd.DataFrame = field(default_factory=pd.DataFrame)
    release: Release = STRICTEST

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program."""
        return bool(self.case["fictional"])

    @cached_property
    def outcomes(self) -> list[Record]:
        """What stands in the file of every outcome: the known ones in their order, then others."""
        order = [str(outcome) for outcome in Outcome]
        return sorted(self.case["outcomes"], key=lambda entry: order.index(entry["outcome"]) if entry["outcome"] in order else len(order))

    @cached_property
    def estimated(self) -> list[Record]:
        """Outcomes with an estimate."""
        return [entry for entry in self.outcomes if entry["estimate"] is not None]

    @cached_property
    def refused(self) -> list[Record]:
        """Outcomes without one; `refusal` says why."""
        return [entry for entry in self.outcomes if entry["estimate"] is None]

    # ------------------------------------------------------------ names

    def both(self, pair: Mapping[str, str]) -> str:
        """A text that the file has in both languages, with true minus signs."""
        return HYPHEN.sub(MINUS, pair[self.language.value])

    def refusal(self, entry: Record) -> str:
        """Why there is no estimate; what is told of several units alike is told once."""
        return " ".join(dict.fromkeys(without_codes(self.both(entry["refusal"])).splitlines()))

    def outcome(self, entry: Record) -> str:
        """Name of an outcome."""
        return outcome_name(entry["outcome"], self.language)

    def check(self, name: str) -> str:
        """Name of a check."""
        return say(f"effects.check_{name}", self.language)

    def design(self, row: str) -> str:
        """Name of a kind of design."""
        return say(f"effects.design_{row}", self.language)

    def method(self, estimate: Record) -> str:
        """How an effect and its interval were made."""
        return self.say("method_inference", method=say(f"effects.method_{estimate['method']}", self.language), inference=self.say(f"inference_{estimate['inference']}"))

    def counted(self, estimate: Record) -> str:
        """Units, assignments, and treated ones among these."""
        return self.say("counted", units=estimate["n_units"], clusters=estimate["n_clusters"], treated=estimate["n_treated"])

    def month(self, month: pd.Timestamp) -> str:
        """A month in words."""
        iso = f"{month:%Y-%m}"
        return period(iso, iso, "", "", self.language)

    def span(self, first: pd.Timestamp, last: pd.Timestamp) -> str:
        """First to last month in words."""
        return period(f"{first:%Y-%m}", f"{last:%Y-%m}", "", "", self.language)

    def axis(self, unit: str) -> str:
        """The unit of an effect as the head of a column or the name of an axis."""
        return self.say(f"axis_{unit}") if has(f"impact.axis_{unit}") else unit

    def level_axis(self, entry: Record) -> str:
        """The unit of an outcome itself: shares are percent, only their differences are percentage points."""
        return "%" if entry["unit"] == Unit.PERCENTAGE_POINTS else self.axis(entry["unit"])

    def table(  # noqa: D102 - as the one it extends
        self, name: str, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, widths: Sequence[int], note: str = "",
        style: str = "",
    ) -> Table:
        labelled = [[capital(row[0]), *row[1:]] for row in rows]
        return super().table(name, caption, header, labelled, align=align, widths=widths, note=note, style=style)

    # ------------------------------------------------------------ numbers

    @property
    def level(self) -> str:
        """The level of all intervals."""
        return f"{100 * self.case['conf_level']:g}%"

    def digits(self, effect: Effect) -> int:
        """Decimals that an effect and its interval are shown with: as many as its sentence has."""
        return max(decimals_of(effect.estimate, effect.conf_low, effect.conf_high), 0)

    def change(self, effect: Effect) -> str:
        """An effect with its sign, in its unit."""
        return self._in_unit(signed(effect.estimate, self.digits(effect)), effect)

    def _in_unit(self, text: str, effect: Effect) -> str:
        return say(f"effects.unit_{effect.unit}", self.language, n=text)

    def short_change(self, effect: Effect) -> str:
        """An effect with its sign, its unit as short as it can be."""
        shown = signed(effect.estimate, self.digits(effect))
        return self.say(f"short_{effect.unit}", n=shown) if has(f"impact.short_{effect.unit}") else self.change(effect)

    def interval(self, effect: Effect) -> str:
        """From where to where, in its unit; ends without limit are said to be so."""
        if math.isnan(effect.conf_low) or math.isnan(effect.conf_high):
            return self.say("no_interval")
        low, high = (self._end(end, self.digits(effect)) for end in (effect.conf_low, effect.conf_high))
        if math.isfinite(effect.conf_low) and math.isfinite(effect.conf_high):
            return self._in_unit(say("effects.ends", self.language, low=low, high=high), effect)
        shown = [text if math.isinf(end) else self._in_unit(text, effect) for text, end in ((low, effect.conf_low), (high, effect.conf_high))]
        return say("effects.ends", self.language, low=shown[0], high=shown[1])

    def effect(self, effect: Effect) -> str:
        """An effect and its interval in one cell: −26 (−35, −17)."""
        estimate, digits = signed(effect.estimate, self.digits(effect)), self.digits(effect)
        if math.isnan(effect.conf_low) or math.isnan(effect.conf_high):
            return self.say("cell_without_interval", estimate=estimate)
        bounded = math.isfinite(effect.conf_low) and math.isfinite(effect.conf_high)
        return self.say("cell" if bounded else "cell_open", estimate=estimate, low=self._end(effect.conf_low, digits), high=self._end(effect.conf_high, digits))

    def _end(self, value: float, digits: int) -> str:
        if math.isinf(value):
            return say("effects.no_upper" if value > 0 else "effects.no_lower", self.language)
        return signed(value, digits)

    def p(self, value: float) -> str:
        """A p value; a dash where there is none."""
        if math.isnan(value):
            return DASH
        return f"<{SMALLEST_P:g}" if value < SMALLEST_P else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"

    def plain(self, value: float) -> str:
        """A value of a series, three digits."""
        return DASH if not math.isfinite(value) else fixed(value, min(max(decimals_of(value, significant=3), 0), 2))

    def effect_of(self, entry: Record) -> Effect:
        """The effect on an outcome."""
        return effect_of(entry["estimate"])


def open_page(folder: str | Path, language: str, *, prefix: str = "impact") -> ImpactPage:
    """Read what the report on the impact of a case needs.

    Parameters
    ----------
    folder : str or Path
        Where the case was cleaned: its estimates stand in `_estimates`.
    language : str
        zh or en.
    prefix : str
        Beginning of the ids of tables and figures.

    Raises
    ------
    CaseError
        There are no estimates (CR-I60), or their file cannot be read (CR-I61, CR-I62).
    """
    folder = Path(folder)
    return ImpactPage(case=estimates_in(folder), language=Language(language), prefix=prefix, claims=claims_frame(folder), release=edition_of(folder))


def estimates_in(folder: Path) -> Mapping[str, Any]:
    """The estimates of a case, whole.

    Raises
    ------
    CaseError
        There are none (CR-I60); their file is no JSON (CR-I61), or lacks parts (CR-I62).
    """
    file = folder / ESTIMATES / CONTENT
    try:
        found = read_estimates(folder)
    except ValueError as error:
        raise CaseError(Failure(code="CR-I61", values={"file": str(file), "error": str(error)})) from None
    if found is None:
        raise CaseError(Failure(code="CR-I60", values={"folder": str(folder), "missing": f"{ESTIMATES}/{CONTENT}"}))
    if missing := [key for key in KEYS if key not in found]:
        raise CaseError(Failure(code="CR-I62", values={"file": str(file), "missing": ", ".join(missing)}))
    return found
