"""The quality report of one cleaned survey: what every section needs.

A section is a function from an opened page to the items it shows. First screen and appendix stand in `quality_summary`, sections on
cleaning in `quality_cleaning`, on flags and results in `quality_effects` and `quality_results`; a notebook calls all of them, or the
ones it wants to include.
"""

import json
import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases.case import Release
from commresearch.cleaning.clean_files import read_clean
from commresearch.cleaning.clean_table import CleanTable, reason
from commresearch.cleaning.units import declared_unit, unit_name
from commresearch.cleaning.variable import Variable
from commresearch.records import sha256_of
from commresearch.reporting.disclosure_rules import hides, is_small
from commresearch.reporting.display import STRICTEST
from commresearch.reporting.quality_persons import ANSWERED, AT_LEAST, Answered, group_of, least_answered, shown_changes, shown_missing
from commresearch.reporting.quality_tables import (
    Effect,
    cells_with_content,
    changed_cells,
    effects,
    missing_by_question,
    received_files,
    unreadable_by_variable,
)
from commresearch.reporting.stamped_page import HAN, StampedPage, cut
from commresearch.terms import Language, MissingKind, Sampling
from commresearch.words import has, say
from commresearch.words.precision import decimals_of, decimals_of_difference, fixed, signed, with_interval
from commresearch.workflow.edition import edition_of
from commresearch.workflow.survey_quality import SurveyQuality, read_quality

MANIFEST = "manifest.json"
USUAL_LEVEL = "95"
HASH = 8  #: characters of a hash that people compare
STEM_ENDS = ("：", ":", "—")  #: what ends the stem of a matrix question before the row
NEAR = 0.5  #: halves of its interval by which a result moves too far to be called unmoved
LONGEST = 44  #: cells of a question in a table
INFERENCE = {Sampling.PROBABILITY: "design", Sampling.QUOTA: "model", Sampling.OPT_IN: "model", Sampling.CENSUS: "none"}


@dataclass(frozen=True, kw_only=True, eq=False)
class QualityPage(StampedPage):
    """A cleaned survey being reported on.

    `prefix` begins the ids of all tables and figures: a notebook that includes two surveys gives each its own. `manifest` is
    the record of the cleaning, empty where it does not stand beside the tables.
    """

    catalogue = "quality"
    clean: CleanTable
    quality: SurveyQuality
    language: Language
    prefix: str = "quality"
    manifest: Mapping[str, Any] = field(default_factory=dict)
    release: Release = STRICTEST

    @property
    def sampling(self) -> Sampling:
        """How the persons of the survey came into it; where nothing says so, the weakest is assumed."""
        return Sampling(self.clean.provenance.get("sampling", Sampling.OPT_IN))

    @property
    def inference(self) -> str:
        """Where the uncertainty of estimates comes from: design, model or none."""
        return "model" if self.model_reason else INFERENCE[self.sampling]

    @cached_property
    def model_reason(self) -> str:
        """Why intervals of a probability sample rest on a model all the same; empty where they do not."""
        if self.sampling is not Sampling.PROBABILITY or not self.quality.rests_on_model:
            return ""
        gaps = self.quality.noted("place_gap")
        return self.say("model_unplaced", list=self.counted(gaps)) if gaps else self.say("model_unstated")

    @property
    def model_note(self) -> str:
        """Below a table of results: why intervals do not follow from the design, where they do not."""
        return self.say("model_note", reason=self.model_reason) if self.model_reason else ""

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program; then every table and figure says so."""
        return bool(self.clean.provenance.get("fictional"))

    @cached_property
    def effects(self) -> list[Effect]:
        """What leaving out flagged sheets does to every measure."""
        return effects(self.quality.sensitivity)

    @cached_property
    def told_effects(self) -> list[Effect]:
        """The same without results of few persons, or moved by few, which the edition hides in tables and says nowhere else."""
        return [e for e in self.effects if not self.hides_result(e.fewest) and not self.hides_result(e.out)]

    def hides_result(self, n: int) -> bool:
        """Whether a result rests on so few persons that the edition hides it."""
        return hides(self.release) and is_small(n, self.release)

    @cached_property
    def changed(self) -> dict[str, int]:
        """Changed cells of the sheets kept, by what became of them."""
        return changed_cells(self.clean)

    @cached_property
    def changed_shown(self) -> dict[str, int | None]:
        """The same as the edition shows it, with the sum of them (`all`)."""
        return shown_changes(self.changed, self.release, hides_unreadable=any(self.hides_unreadable(name, n) for name, _, n, _ in self.unreadable))

    @cached_property
    def unreadable(self) -> list[tuple[str, int, int, str]]:
        """Questions with cells that could not be read, as `unreadable_by_variable` counts them."""
        return unreadable_by_variable(self.clean, self.least)

    def hides_unreadable(self, question: str, count: int) -> bool:
        """Whether the number of unreadable cells of a question is hidden, here or among its missing values."""
        kinds = self.missing_shown[MissingKind.UNREADABLE.value]
        return hides(self.release) and (is_small(count, self.release) or (question in kinds.index and pd.isna(kinds[question])))

    @property
    def least(self) -> int:
        """Persons who must have written the same before the edition quotes it: a text of few tells who they are."""
        return self.release.threshold if hides(self.release) else 1

    @cached_property
    def content(self) -> int:
        """Cells of the sheets kept that hold anything."""
        return int(cells_with_content(self.clean).sum())

    @cached_property
    def missing(self) -> pd.DataFrame:
        """Missing values per question and kind."""
        return missing_by_question(self.clean)

    @cached_property
    def missing_shown(self) -> pd.DataFrame:
        """The same as the edition shows it."""
        return shown_missing(self.missing, self.release)

    @cached_property
    def bounded(self) -> dict[str, int]:
        """Questions whose sheets with an answer would give a hidden number of missing values away, with the sheets asked."""
        asked = self.missing["asked"][self.missing_shown[ANSWERED].isna()]
        return dict(zip(map(str, asked.index), asked.tolist(), strict=True))

    def answered(self, question: str, n: int, *, more: tuple[MissingKind, ...] = ()) -> Answered:
        """Sheets with an answer to a question (and with some kinds of missing) in a cell; a bound where a hidden number of missing values would follow."""
        if question not in self.missing.index:
            return Answered.told(n)
        if question in self.bounded:
            return Answered.bounded(n, self.bounded[question], self.release)
        row: Mapping[Hashable, Any] = self.missing.loc[question].to_dict()
        is_rest = n == row["asked"] - row["missing"] + sum(row[kind.value] for kind in more)
        return Answered.told(n, group_of(self.survey, question, [ANSWERED, *(kind.value for kind in more)]) if is_rest else None)

    def answered_together(self, questions: Iterable[str], n: int) -> Answered:
        """The fewest sheets that answered any two of some questions: no fewer answered each, so they, too, may give a hidden number away."""
        near = [asked for name in questions if (asked := self.bounded.get(name)) is not None and least_answered(asked, self.release) < n]
        return Answered.bounded(n, min(near), self.release) if near else Answered.told(n)

    def answered_result(self, variable: str, measure: str, n: int) -> Answered:
        """Sheets behind a result; those of a scale answered some of its items."""
        if measure == "scale":
            return self.answered_together((v.name for v in self.clean.codebook.scales().get(variable, ())), n)
        return self.answered(variable, n)

    def judged(self, n: int) -> Answered:
        """Sheets that could be judged by something, or compared; a bound where the others are so few that their number is hidden."""
        kept = len(self.clean.frame)
        return Answered.bounded(n, kept, self.release) if n < kept and self.hides_result(kept - n) else Answered.told(n)

    def bound_note(self, cells: Iterable[Answered]) -> str:
        """What a bound in a table means; nothing where there is none."""
        return say("release.note_least", self.language, sign=AT_LEAST) if any(cell.text.startswith(AT_LEAST) for cell in cells) else ""

    @property
    def survey(self) -> str:
        """What tells the sheets of this survey, in this state, from all others."""
        return sha256_of(*(digest for _, digest in received_files(self.clean.provenance)), str(len(self.clean.frame)))[:12]

    @property
    def hides_flags(self) -> bool:
        """Whether so few sheets are flagged that nothing may be said of what they do to results."""
        return hides(self.release) and is_small(self.n_flagged, self.release)

    @property
    def n_flagged(self) -> int:
        """Sheets with at least one flag."""
        return int((self.clean.flags["n_flags"] > 0).sum())

    # ------------------------------------------------------------ words

    def label(self, key: str) -> str:
        """A label of the vocabulary of surveys."""
        return say(f"survey.{key}", self.language)

    def counted(self, rows: Mapping[str, int]) -> str:
        """Questions with a number of sheets each, in a sentence."""
        return self.join(self.say("question_sheets", name=self.named(name), n=self.persons(n)) for name, n in rows.items())

    # ------------------------------------------------------------ names

    def question(self, name: str, width: int = LONGEST) -> str:
        """The wording of a question, cut to a width; a name that is none of the codebook's stands as it is."""
        if name not in self.clean.codebook:
            return cut(self.own(name), width)
        variable = self.clean.codebook[name]
        text = cut(self._without_stem(variable, variable.question(self.language)), width)
        return f"{name} ({text})" if self.language is Language.EN and HAN.search(text) else text

    def _without_stem(self, variable: Variable, text: str) -> str:
        """A row of a matrix without the stem that all its rows have in common."""
        if not variable.matrix:
            return text
        rows = [v.question(self.language) for v in self.clean.codebook.matrices()[variable.matrix]]
        shared = [mark for mark in STEM_ENDS if all(mark in row for row in rows) and len({row.rpartition(mark)[0] for row in rows}) == 1]
        return text.rpartition(shared[0])[2].strip() if shared and len(rows) > 1 else text

    def measure(self, variable: str, measure: str, width: int = LONGEST) -> str:
        """What a result is."""
        name = self.scale(variable, width) if measure == "scale" else self.question(variable, width)
        answer = self.within_quotes(variable, next(iter(self.clean.codebook[variable].answers)), width) if measure == "share" else ""
        return self.say(f"measure_{measure}", name=name, **({"answer": answer} if answer else {}))

    def named(self, name: str) -> str:
        """A question in a list of a sentence: its wording; where it has none in the language, its name alone."""
        text = self.question(name)
        return name if self.language is Language.EN and HAN.search(text) and name in self.clean.codebook else text

    def scale(self, name: str, width: int = LONGEST) -> str:
        """A scale in a sentence: in Chinese its name where that is Chinese, else its first item and how many there are."""
        items = self.clean.codebook.scales().get(name, [])
        if self.language is Language.EN or HAN.search(name) or not items:
            return self.own(name) if self.language is Language.EN and HAN.search(name) else self.say("quoted", text=name)
        return self.say("scale_items", first=self.question(items[0].name, width), n=len(items))

    def scale_in_table(self, name: str, width: int) -> str:
        """A scale by its name in the codebook and its first item."""
        items = self.clean.codebook.scales().get(name, [])
        return self.say("scale_named", name=self.own(name), first=self.question(items[0].name, width)) if items else self.own(name)

    def answer(self, name: str, value: str, width: int = LONGEST) -> str:
        """The label of an answer, cut to a width."""
        return self.own(self.within_quotes(name, value, width))

    def within_quotes(self, name: str, value: str, width: int = LONGEST) -> str:
        """The same between quotation marks, where Chinese needs no brackets."""
        return cut(self.clean.codebook[name].label(value, self.language), width)

    def aside(self, rule: str) -> str:
        """What rows are that a rule set aside."""
        return self.say(f"aside_{rule}") if has(f"quality.aside_{rule}") else reason(rule, self.language)

    def unit(self, unit: str) -> str:
        """A unit, in the language where it has one there; nothing for a number without unit."""
        if unit in {"share", "score"}:
            return self.say(f"unit_{unit}")
        return "" if unit == "value" else unit if self.language is Language.ZH else _english_unit(unit) or self.own(unit)

    # ------------------------------------------------------------ numbers

    def amount(self, value: float, digits: int, unit: str) -> str:
        """An estimate with its unit: 62%, 3.5分."""
        return self._with_unit(fixed(value, digits), unit, "percent")

    def difference(self, effect: Effect) -> str:
        """A difference with sign and unit."""
        return self._with_unit(signed(effect.difference * effect.scale, self.digits_of_difference(effect)), effect.unit, "points")

    def _with_unit(self, shown: str, unit: str, share: str) -> str:
        """A number with its unit; one without a unit stands alone."""
        if unit in {"share", "score"}:
            return self.say(share if unit == "share" else "score", n=shown)
        return self.say("amount", n=shown, unit=self.unit(unit)) if self.unit(unit) else shown

    def digits(self, effect: Effect) -> int:
        """Decimals of a measure."""
        low, high = effect.low * effect.scale, effect.high * effect.scale
        return decimals_of(effect.estimate * effect.scale, low, high, significant=significant_of(effect.unit))

    def digits_of_difference(self, effect: Effect) -> int:
        """Decimals of what flags do to a measure."""
        return decimals_of_difference(effect.low * effect.scale, effect.high * effect.scale, self.digits(effect))

    def relative(self, effect: Effect) -> str:
        """The difference beside its interval, as part of a sentence."""
        return self.say("effect_relative", times=self.times(effect)) if math.isfinite(effect.relative) else ""

    def times(self, effect: Effect) -> str:
        """The difference in halves of the interval, on the side of 1 and of NEAR where it lies: the text counts the results that move by more."""
        shown, moved = f"{effect.relative:.1f}", effect.relative
        limit = next((limit for limit in (NEAR, 1.0) if shown == f"{limit:.1f}" and moved != limit), None)
        if limit is None:
            return shown
        return f"{min(moved, limit - 0.01) if moved < limit else max(moved, limit + 0.01):.2f}"

    def beside(self, effect: Effect) -> str:
        """What the largest change was measured by, as part of a sentence."""
        return self.say("beside_interval" if math.isfinite(effect.relative) else "beside_size")

    @property
    def level(self) -> str:
        """Level of the intervals in percent."""
        table = self.quality.estimates
        levels = list(table["conf_level"].dropna()) if "conf_level" in table else []
        return f"{100 * levels[0]:g}" if levels else USUAL_LEVEL

    @property
    def without_results(self) -> str:
        """Why a survey has no result to show or to compare."""
        return self.say("results_single" if self.quality.noted("single_sheet") else "effects_none")

    @property
    def interval(self) -> str:
        """Name of the intervals; a census has none."""
        return "" if self.inference == "none" else self.say(f"interval_{self.inference}", level=self.level)

    def estimate(self, value: float, low: float, high: float, unit: str, digits: int | None = None) -> str:
        """An estimate with its interval, shares in percent; a census has no interval. Two versions of one estimate share their `digits`."""
        scale = 100.0 if unit == "share" else 1.0
        bounds = (math.nan, math.nan) if self.inference == "none" else (low * scale, high * scale)
        return with_interval(value * scale, *bounds, significant=significant_of(unit), digits=digits)


def significant_of(unit: str) -> int:
    """Digits of an estimate that are wanted: two of a share, three of a mean."""
    return 2 if unit == "share" else 3


def _english_unit(unit: str) -> str:
    """English words for a unit of the codebook (10,000 yuan per month); empty where a part of it is not known."""
    declared = declared_unit(unit)
    _, slash, per = declared.text.partition("/")
    words = [_unit_word(name) for name in (declared.name, *([unit_name(per)] if slash else []))]
    if not all(words):
        return ""
    scaled = say("survey.unit_scaled", Language.EN, scale=f"{declared.scale:,f}", unit=words[0]) if declared.scale != 1 else words[0]
    return say("survey.unit_per", Language.EN, unit=scaled, per=words[1].removesuffix("s")) if slash else scaled


def _unit_word(name: str) -> str:
    """The English name of one unit, as surveys count or as the published cases do."""
    key = next((k for k in (f"survey.unit_{name}", f"labels.unit_{name}") if has(k)), "")
    return say(key, Language.EN) if key else ""


def open_page(folder: str | Path, language: str, *, prefix: str = "quality") -> QualityPage:
    """Read what the report of a cleaned survey needs.

    Parameters
    ----------
    folder : str or Path
        Where `commresearch clean` wrote the survey.
    language : str
        zh or en.
    prefix : str
        Beginning of the ids of tables and figures.

    Raises
    ------
    CaseError
        As `read_clean`.
    """
    folder = Path(folder)
    manifest = folder / MANIFEST
    return QualityPage(
        clean=read_clean(folder), quality=read_quality(folder), language=Language(language), prefix=prefix, release=edition_of(folder),
        manifest=json.loads(manifest.read_text(encoding="utf8")) if manifest.is_file() else {},
    )
