"""The quality report of one cleaned survey: what every section needs, its first screen and its appendix.

A section is a function from an opened page to the items it shows. Those on cleaning stand in `quality_cleaning`, those on
flags and results in `quality_results`; a notebook calls all of them, or the ones it wants to include.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commresearch.cleaning.clean_files import read_clean
from commresearch.cleaning.clean_table import CleanTable, reason
from commresearch.cleaning.variable import Variable
from commresearch.reporting.display import Figure, Item, Prose, Table, callout, display_width, escape, heading, paragraph
from commresearch.reporting.quality_tables import (
    CHANGED,
    Effect,
    cells_with_content,
    changed_cells,
    effects,
    largest_effect,
    missing_by_question,
    received_files,
    rows_aside,
    sheets_received,
)
from commresearch.terms import Language, Role, Sampling
from commresearch.words import has, number, period, say
from commresearch.words.precision import decimals_of, decimals_of_difference, fixed, percent_of, signed, with_interval
from commresearch.workflow.survey_quality import SurveyQuality, read_quality

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

MANIFEST = "manifest.json"
USUAL_LEVEL = "95"
HASH = 8  #: characters of a hash that people compare
HAN = re.compile(r"[\u4e00-\u9fff]")
STEM_ENDS = ("：", ":", "—")  #: what ends the stem of a matrix question before the row
LONGEST = 44  #: cells of a question in a table
INFERENCE = {Sampling.PROBABILITY: "design", Sampling.QUOTA: "model", Sampling.OPT_IN: "model", Sampling.CENSUS: "none"}


@dataclass(frozen=True, kw_only=True, eq=False)
class QualityPage:
    """A cleaned survey being reported on.

    `prefix` begins the ids of all tables and figures: a notebook that includes two surveys gives each its own. `manifest` is
    the record of the cleaning, empty where it does not stand beside the tables.
    """

    clean: CleanTable
    quality: SurveyQuality
    language: Language
    prefix: str = "quality"
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sampling(self) -> Sampling:
        """How the persons of the survey came into it; where nothing says so, the weakest is assumed."""
        return Sampling(self.clean.provenance.get("sampling", Sampling.OPT_IN))

    @property
    def inference(self) -> str:
        """Where the uncertainty of estimates comes from: design, model or none."""
        return INFERENCE[self.sampling]

    @property
    def is_simulated(self) -> bool:
        """Whether the data were made by a program; then every table and figure says so."""
        return bool(self.clean.provenance.get("fictional"))

    @cached_property
    def effects(self) -> list[Effect]:
        """What leaving out flagged sheets does to every measure."""
        return effects(self.quality.sensitivity)

    @cached_property
    def changed(self) -> dict[str, int]:
        """Changed cells of the sheets kept, by what became of them."""
        return changed_cells(self.clean)

    @cached_property
    def content(self) -> int:
        """Cells of the sheets kept that hold anything."""
        return int(cells_with_content(self.clean).sum())

    @cached_property
    def missing(self) -> "pd.DataFrame":
        """Missing values per question and kind."""
        return missing_by_question(self.clean)

    @property
    def n_flagged(self) -> int:
        """Sheets with at least one flag."""
        return int((self.clean.flags["n_flags"] > 0).sum())

    # ------------------------------------------------------------ words

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue, plain: tables, captions and headings escape it themselves."""
        return say(f"quality.{key}", self.language, **values)

    def text(self, key: str, **values: object) -> str:
        """A text for running prose: what is filled in is data and is escaped."""
        return self.say(key, **{k: escape(v) for k, v in values.items()})

    def label(self, key: str) -> str:
        """A label of the vocabulary of surveys."""
        return say(f"survey.{key}", self.language)

    def header(self, *keys: str) -> list[str]:
        """Column heads."""
        return [self.say(key) for key in keys]

    def join(self, words: Iterable[str]) -> str:
        """A list in a sentence."""
        return say("reports.joiner", self.language).join(words)

    def prose(self, *sentences: str) -> Prose:
        """A paragraph of finished sentences; empty ones are left out."""
        return paragraph(("" if self.language is Language.ZH else " ").join(s for s in sentences if s))

    # ------------------------------------------------------------ items

    def table(
        self, name: str, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str, widths: Sequence[int], note: str = "",
        style: str = "",
    ) -> Table:
        """A table with its id, stamped where the data are simulated."""
        return Table(
            id=f"tbl-{self.prefix}-{name}", caption=caption, header=header, rows=rows, align=align, widths=widths, note=self.stamped(note), style=style
        )

    def figure(self, name: str, caption: str, alt: str, drawing: "Drawing", note: str) -> Figure:
        """A figure with its id, stamped where the data are simulated."""
        return Figure(id=f"fig-{self.prefix}-{name}", caption=caption, alt=alt, drawing=drawing, note=self.stamped(note))

    @property
    def stamp(self) -> str:
        """What is printed into figures of simulated data; nothing otherwise."""
        return self.say("stamp") if self.is_simulated else ""

    def stamped(self, note: str) -> str:
        """A note with the stamp before it."""
        return self.say("stamped_note", note=note).strip() if self.is_simulated else note

    # ------------------------------------------------------------ names

    def own(self, text: str) -> str:
        """A text of the data; Chinese in an English page stands in brackets."""
        return f"({text})" if self.language is Language.EN and HAN.search(text) else text

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
        name = variable if measure == "scale" else self.question(variable, width)
        return self.say(f"measure_{measure}", name=name)

    def aside(self, rule: str) -> str:
        """What rows are that a rule set aside."""
        return self.say(f"aside_{rule}") if has(f"quality.aside_{rule}") else reason(rule, self.language)

    def unit(self, unit: str) -> str:
        """A unit, in the language where it has one there."""
        if unit in {"share", "score", "value"}:
            return self.say(f"unit_{unit}")
        named = self.language is Language.EN and has(f"labels.unit_{unit}")
        return say(f"labels.unit_{unit}", self.language) if named else self.own(unit)

    # ------------------------------------------------------------ numbers

    def amount(self, value: float, digits: int, unit: str) -> str:
        """An estimate with its unit: 62%, 3.5分."""
        shown = fixed(value, digits)
        if unit == "share":
            return self.say("percent", n=shown)
        return self.say("score", n=shown) if unit == "score" else self.say("amount", n=shown, unit=self.unit(unit)) if unit != "value" else shown

    def difference(self, effect: Effect) -> str:
        """A difference with sign and unit."""
        shown = signed(effect.difference * effect.scale, self.digits_of_difference(effect))
        if effect.unit == "share":
            return self.say("points", n=shown)
        return self.say("score", n=shown) if effect.unit == "score" else self.say("amount", n=shown, unit=self.unit(effect.unit))

    def digits(self, effect: Effect) -> int:
        """Decimals of a measure."""
        low, high = effect.low * effect.scale, effect.high * effect.scale
        return decimals_of(effect.estimate * effect.scale, low, high, significant=significant_of(effect.unit))

    def digits_of_difference(self, effect: Effect) -> int:
        """Decimals of what flags do to a measure."""
        return decimals_of_difference(effect.low * effect.scale, effect.high * effect.scale, self.digits(effect))

    def relative(self, effect: Effect) -> str:
        """The difference beside its interval, as part of a sentence."""
        return self.say("effect_relative", times=f"{effect.relative:.1f}") if math.isfinite(effect.relative) else ""

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
    def interval(self) -> str:
        """Name of the intervals; a census has none."""
        return "" if self.inference == "none" else self.say(f"interval_{self.inference}", level=self.level)

    def estimate(self, value: float, low: float, high: float, unit: str) -> str:
        """An estimate with its interval, shares in percent; a census has no interval."""
        scale = 100.0 if unit == "share" else 1.0
        bounds = (math.nan, math.nan) if self.inference == "none" else (low * scale, high * scale)
        return with_interval(value * scale, *bounds, significant=significant_of(unit))


def significant_of(unit: str) -> int:
    """Digits of an estimate that are wanted: two of a share, three of a mean."""
    return 2 if unit == "share" else 3


def cut(text: str, width: int) -> str:
    """A text of at most `width` half-width cells, with … where something was left out; Latin words are not cut in two."""
    text = " ".join(text.split())
    if display_width(text) <= width:
        return text
    end = next(i for i in range(len(text), 0, -1) if display_width(text[:i]) < width)
    shown = text[:end]
    if text[end].isascii() and text[end].isalnum() and " " in shown:
        shown = shown.rpartition(" ")[0]
    return shown.rstrip(" ,，、") + "…"


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
        clean=read_clean(folder), quality=read_quality(folder), language=Language(language), prefix=prefix,
        manifest=json.loads(manifest.read_text(encoding="utf8")) if manifest.is_file() else {},
    )


# ---------------------------------------------------------------- first screen


def first_screen(page: QualityPage) -> list[Item]:
    """What came in and stayed, how far the data carry, where they come from."""
    items: list[Item] = [callout(page.say("simulated_title"), page.say("simulated_body"), "important")] if page.is_simulated else []
    items += [_lead(page), _panels(page), callout(page.say("carry_title"), page.say(f"carry_{page.sampling}"), "important")]
    if page.clean.provenance.get("codebook_drafted"):
        items.append(callout(page.say("drafted_title"), page.say("drafted_body"), "warning"))
    return [*items, _provenance(page)]


def _lead(page: QualityPage) -> Prose:
    sheets, kept = sheets_received(page.clean), len(page.clean.frame)
    if not sheets:
        return page.prose(page.say("lead_none"))
    why = page.join(page.say("lead_gone_item", rule=page.aside(rule), n=n) for step, rule, n in rows_aside(page.clean) if step != "reading")
    stayed = page.text("lead_all", sheets=number(sheets)) if kept == sheets else page.text(
        "lead_some", sheets=number(sheets), kept=number(kept), gone=number(sheets - kept), why=why
    )
    n = sum(page.changed[t] for t in CHANGED)
    cells = page.text("lead_cells", n=number(n), share=percent_of(n, page.content), unreadable=number(page.changed["unreadable"]))
    flagged = page.text("lead_flags", n=number(page.n_flagged), share=percent_of(page.n_flagged, kept))
    return page.prose(
        stayed, cells if n else page.say("lead_no_cells"), flagged if page.n_flagged else page.say("lead_no_flags"), _effect_sentence(page)
    )


def _effect_sentence(page: QualityPage) -> str:
    """The largest change that leaving out flagged sheets makes, with the interval of the result."""
    effect = largest_effect(page.effects) if page.n_flagged else None
    if effect is None:
        return ""
    digits, scale = page.digits(effect), effect.scale
    before, after = (page.amount(value * scale, digits, effect.unit) for value in (effect.estimate, effect.without))
    if math.isfinite(effect.relative):
        low, high = (page.amount(value * scale, digits, effect.unit) for value in (effect.low, effect.high))
        before = page.say("effect_interval", estimate=before, interval=page.interval, low=low, high=high)
    return page.text(
        "lead_effect", measure=page.measure(effect.variable, effect.measure), before=before, after=after, difference=page.difference(effect),
        relative=page.relative(effect), beside=page.beside(effect),
    )


def _panels(page: QualityPage) -> Table:
    sheets, kept, n = sheets_received(page.clean), len(page.clean.frame), sum(page.changed[t] for t in CHANGED)
    effect = largest_effect(page.effects) if page.n_flagged else None
    moved = page.say("panels_moved", difference=page.difference(effect)) if effect is not None else ""
    numbers = [number(kept), *(page.say("percent", n=percent_of(part, whole)) for part, whole in ((n, page.content), (page.n_flagged, kept)))]
    meanings = [
        page.say("panels_kept_what", sheets=number(sheets)), page.say("panels_changed_what", n=number(n), unreadable=number(page.changed["unreadable"])),
        page.say("panels_flagged_what", n=number(page.n_flagged), moved=moved),
    ]
    return page.table(
        "panels", page.say("panels_caption"), page.header("panels_item", *(f"panels_{c}" for c in ("kept", "changed", "flagged"))),
        [[page.say("panels_number"), *numbers], [page.say("panels_what"), *meanings]], align="llll", widths=(14, 22, 28, 36), style="panels",
    )


def _provenance(page: QualityPage) -> Prose:
    files = received_files(page.clean.provenance)
    platform = page.label(f"platform_{page.clean.provenance['platform']}")
    return page.prose(page.text("provenance", platform=platform, n=number(len(files)), period=_period(page)))


def _period(page: QualityPage) -> str:
    """First and last day on which sheets were submitted, as part of a sentence; empty where it is not known."""
    variable = page.clean.codebook.role(Role.SUBMITTED)
    days = list(page.clean.frame[variable.name].dropna()) if variable and variable.name in page.clean.frame else []
    if not days:
        return ""
    first, last = (f"{day:%Y-%m-%d}" for day in (min(days), max(days)))
    return page.say("provenance_period", period=period(first, last, "", "", page.language))


# ---------------------------------------------------------------- appendix


def appendix(page: QualityPage, version: str) -> list[Item]:
    """Where log, codebook and dictionary stand, and what tells one state of the data from another."""
    files = {
        "log": "log.csv", "flags": "flags.csv", "duplicates": "duplicates.xlsx", "codebook": "codebook.xlsx", "dictionary": "dictionary.xlsx, dictionary.md",
        "frame": "frame.parquet", "manifest": MANIFEST,
    }
    return [
        heading(page.say("appendix_heading")),
        page.table(
            "written", page.say("appendix_caption"), page.header("appendix_what", "appendix_file"),
            [[page.say(f"file_{what}"), name] for what, name in files.items()], align="ll", widths=(64, 36),
        ),
        page.table(
            "hashes", page.say("hashes_caption"), page.header("hashes_item", "hashes_value"), _hashes(page), align="ll", widths=(52, 48),
            note=page.say("hashes_note", version=version),
        ),
    ]


def _hashes(page: QualityPage) -> list[list[str]]:
    provenance, manifest = page.clean.provenance, page.manifest
    rows = [[page.own(name), digest[:HASH]] for name, digest in received_files(provenance)]
    rows.append([page.say("hash_codebook", name=page.own(str(provenance.get("codebook", "")))), str(provenance.get("codebook_hash", ""))[:HASH]])
    if fingerprint := str(provenance.get("key_fingerprint", "")):
        rows.append([page.say("hash_key"), fingerprint])
    if manifest:
        rows.append([page.say("hash_run"), str(manifest["key"])[:HASH]])
        rows += [[page.say("hash_made_on"), str(manifest["made_on"])]] if manifest["made_on"] else []
        versions = [f"{name} {manifest['versions'][name]}" for name in ("commresearch", "pandas", "numpy") if name in manifest["versions"]]
        rows.append([page.say("hash_versions"), ", ".join(versions)])
    return rows
