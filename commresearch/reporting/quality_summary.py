"""First screen and appendix of the quality report: what came in, how far it carries, where everything stands."""

import math

from commresearch.reporting.disclosure_rules import HIDDEN
from commresearch.reporting.display import Item, Prose, Table, callout, escape, heading
from commresearch.reporting.edition_marks import edition_line
from commresearch.reporting.quality_design import alike, design
from commresearch.reporting.quality_page import HASH, MANIFEST, QualityPage
from commresearch.reporting.quality_persons import telling
from commresearch.reporting.quality_tables import largest_effect, received_files, rows_aside, sheets_received
from commresearch.terms import Role
from commresearch.words import number, period, say


def first_screen(page: QualityPage) -> list[Item]:
    """What came in and stayed, how far the data carry, where they come from."""
    items: list[Item] = [callout(page.say("simulated_title"), page.say("simulated_body"), "important")] if page.is_simulated else []
    carries = "carry_probability_model" if page.model_reason else f"carry_{page.sampling}"
    items += [_lead(page), _panels(page), callout(page.say("carry_title"), page.notes(page.say(carries), design(page), alike(page, few_only=True)), "important")]
    if page.model_reason:
        items.append(callout(page.say("design_title"), page.say("design_body", reason=escape(page.model_reason), what=page.say(_missing_design(page))), "warning"))
    if page.clean.provenance.get("codebook_drafted"):
        items.append(callout(page.say("drafted_title"), page.say("drafted_body"), "warning"))
    return [*items, _provenance(page)]


def _missing_design(page: QualityPage) -> str:
    """What has to be added before intervals follow from the design."""
    return "design_add" if page.quality.noted("design_unstated") else "design_complete"


def _lead(page: QualityPage) -> Prose:
    sheets, kept = sheets_received(page.clean), len(page.clean.frame)
    if not sheets:
        return page.prose(page.say("lead_none"))
    why = page.join(page.say("lead_gone_item", rule=page.aside(rule), n=n) for step, rule, n in rows_aside(page.clean) if step != "reading")
    stayed = page.text("lead_all", sheets=number(sheets)) if kept == sheets else page.text(
        "lead_some", sheets=number(sheets), kept=number(kept), gone=number(sheets - kept), why=why
    )
    n = page.changed_shown["all"]
    cells = page.say("lead_no_cells") if n == 0 else _cells(page, "lead_cells")
    flagged = say("release.few_flags", page.language) if page.hides_flags else page.text("lead_flags", n=page.persons(page.n_flagged), share=page.share(page.n_flagged, kept))
    silent = sum(page.quality.noted("silent").values())
    declined = "" if not silent else page.say("lead_all_silent") if silent == kept else page.say("lead_silent", n=page.persons(silent))
    lead = page.prose(stayed, declined, cells, flagged if page.n_flagged else page.say("lead_no_flags"), _effect_sentence(page))
    return telling(lead, page.survey, {"silent": silent}, page.release)


def _cells(page: QualityPage, key: str) -> str:
    """How many cells were changed, in the words of `key`; where these are few, that they are."""
    n = page.changed_shown["all"]
    if n is None:
        return say("release.few_cells", page.language)
    return page.text(key, n=number(n), share=page.share(n, page.content), unreadable=page.persons(page.changed_shown["unreadable"]))


def _effect_sentence(page: QualityPage) -> str:
    """The largest change that leaving out flagged sheets makes, with the interval of the result."""
    effect = largest_effect(page.told_effects) if page.n_flagged and not page.hides_flags else None
    if effect is None:
        return ""
    digits, scale = page.digits(effect), effect.scale
    before, after = (page.amount(value * scale, digits, effect.unit) for value in (effect.estimate, effect.without))
    if math.isfinite(effect.relative):
        low, high = (page.amount(value * scale, digits, effect.unit) for value in (effect.low, effect.high))
        before = page.say("effect_interval", estimate=before, interval=page.interval, low=low, high=high)
    shown = [round(value * scale, digits) for value in (effect.without, effect.estimate)]
    difference, finest = page.difference(effect), page.digits_of_difference(effect)
    if round(shown[0] - shown[1], finest) != round(effect.difference * scale, finest):
        difference = page.say("before_rounding", difference=difference)
    return page.text(
        "lead_effect", measure=page.measure(effect.variable, effect.measure), before=before, after=after, difference=difference,
        relative=page.relative(effect), beside=page.beside(effect),
    )


def _panels(page: QualityPage) -> Table:
    sheets, kept, n = sheets_received(page.clean), len(page.clean.frame), page.changed_shown["all"]
    effect = largest_effect(page.told_effects) if page.n_flagged and not page.hides_flags else None
    moved = page.say("panels_moved", beside=page.beside(effect), difference=page.difference(effect)) if effect is not None else ""
    numbers = [number(kept), HIDDEN if n is None else page.say("percent", n=page.share(n, page.content)), page.say("percent", n=page.share(page.n_flagged, kept))]
    meanings = [
        page.say("panels_kept_what", sheets=number(sheets)), _cells(page, "panels_changed_what"),
        say("release.few_flags", page.language) if page.hides_flags else page.say("panels_flagged_what", n=page.persons(page.n_flagged), moved=moved),
    ]
    table = page.table(
        "panels", page.say("panels_caption"), page.header("panels_item", *(f"panels_{c}" for c in ("kept", "changed", "flagged"))),
        [[page.say("panels_number"), *numbers], [page.say("panels_what"), *meanings]], align="llll", widths=(14, 22, 28, 36), style="panels",
        note=page.share_note if (n and kept) or (page.n_flagged and not page.hides_flags) else "",
    )
    return page.of_persons(table, [[None, None, sum(page.changed.values()), page.n_flagged], [None] * 4])


def _provenance(page: QualityPage) -> Prose:
    files = received_files(page.clean.provenance)
    platform = page.label(f"platform_{page.clean.provenance['platform']}")
    return page.prose(page.text("provenance", platform=platform, n=number(len(files)), period=_period(page)), edition_line(page.release, page.language))


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
        "frame": "frame.parquet", "results": "quality_estimates.csv, quality_shares.csv", "manifest": MANIFEST,
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
    rows = [[name, digest[:HASH]] for name, digest in received_files(provenance)]
    rows.append([page.say("hash_codebook", name=str(provenance.get("codebook", ""))), str(provenance.get("codebook_hash", ""))[:HASH]])
    if fingerprint := str(provenance.get("key_fingerprint", "")):
        rows.append([page.say("hash_key"), fingerprint])
    if manifest:
        rows.append([page.say("hash_run"), str(manifest["key"])[:HASH]])
        rows += [[page.say("hash_made_on"), str(manifest["made_on"])]] if manifest["made_on"] else []
        versions = [f"{name} {manifest['versions'][name]}" for name in ("commresearch", "pandas", "numpy") if name in manifest["versions"]]
        rows.append([page.say("hash_versions"), ", ".join(versions)])
    return rows
