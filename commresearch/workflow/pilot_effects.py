"""Effects of several pilots side by side, and what is known of each pilot: the material of a comparison, as tables in a folder."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cases import Case, load_case
from commresearch.cases.case_claims_file import claims_with_terms
from commresearch.comparison.claim_against import Known, claim_against_estimate, comparison_frame
from commresearch.errors import CaseError, DesignError, EstimationError, Failure
from commresearch.impact.estimate import estimate_impact
from commresearch.outcomes import Panel
from commresearch.records import canonical_json, fan_out, in_turn, package_hash, replace_folder, sha256_of, work_folder, write_whole
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.simulate.cities import CONDITIONS, OUTCOMES, UNITS, SimulatedCity, doses_of, simulate_cities
from commresearch.simulate.log_claims import issuer_claims
from commresearch.terms import Language
from commresearch.words import render_error, say
from commresearch.workflow.case_claims import claims_frame
from commresearch.workflow.case_estimates import read_estimates
from commresearch.workflow.pilot_doses import EFFECT_SET, read_doses
from commresearch.workflow.pilot_logs import LOG_COLUMNS, logs_of

SEED = 20_260  #: of the fictional cities that reports and lessons show
TIMEOUT = 300  #: seconds for all estimates of one city
MADE_FROM = "made_from.json"
CLAIMED = "complaint_rate"  #: outcome that issuers of simulated cities speak of
CLAIM_KINDS = 4  #: of the claims that an issuer makes: a year against a year, the worst month against the best, half a year, all communities
EFFECT_FRAME = ("case_id", "outcome", "definition", *EFFECT_COLUMNS, "grade", "method", "inference", "n_units", "n_treated", "failed_checks", *LOG_COLUMNS)
TEXTS = {"case_id": "str", "definition": "str", "failed_checks": "str"}  #: columns that are texts also where they hold nothing or digits only
#: Shares of communities that have a mechanism, at which a city is taken as fully out, at the turning point, fully in.
DOSE_ANCHORS = (20.0, 50.0, 80.0)
#: The same of the fall of complaints, in percent.
EFFECT_ANCHORS = (-5.0, -15.0, -25.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PilotEffects:
    """What a comparison of pilots starts from.

    places : DataFrame
        case_id, name_zh, name_en, simulated.
    effects : DataFrame
        `EFFECT_FRAME`, one row per pilot and outcome that has an estimate; failed_checks joined by blanks, log_ratio and log_std_error only of methods
        that estimate a ratio.
    refusals : DataFrame
        case_id, outcome, zh, en: why there is none.
    definitions : DataFrame
        definition (its key), zh, en.
    doses : DataFrame
        case_id and one column per mechanism (raw, in the unit of its anchors); empty where nobody recorded them.
    anchors : DataFrame
        condition, exclusion, crossover, inclusion, reason_zh, reason_en; the row `LARGE` is of the effect.
    truth : DataFrame
        Of simulated pilots: case_id, outcome, truth, follows_rule; else empty.
    claims : DataFrame
        What was published of the pilots, beside data and estimate: case_id, the columns of `comparison_frame`, summary_zh, summary_en.
    """

    places: pd.DataFrame
    effects: pd.DataFrame
    refusals: pd.DataFrame
    definitions: pd.DataFrame
    doses: pd.DataFrame
    anchors: pd.DataFrame
    truth: pd.DataFrame
    claims: pd.DataFrame

    @property
    def is_simulated(self) -> bool:
        """Whether any of the pilots was made by a program: then nothing of the comparison speaks of the world."""
        return bool(self.places["simulated"].any())


def simulated_effects(out: Path, *, seed: int = SEED, workers: int = 2, progress: Callable[[str, int, int], None] = lambda *_: None) -> PilotEffects:
    """Estimate the effects of sixteen fictional pilots and write them down; used as they stand where program and seed are the same.

    Parameters
    ----------
    out
        Folder that is replaced as a whole.
    seed
        Of the cities.
    workers
        Processes side by side.
    progress
        Told the id of a city, how many are done, and how many there are.

    Returns
    -------
    PilotEffects
        Pilots whose data do not carry an estimate stand under `refusals`.
    """
    key = canonical_json({"seed": seed, "package": package_hash()})
    if _made_from(out) == key:
        return read_effects(out)
    cities = simulate_cities(rng=np.random.default_rng(seed))
    found: dict[str, _OfCity] = {}
    for done, (city, rows) in enumerate(fan_out(_estimated, cities, workers=workers, timeout=TIMEOUT, lost=_lost), 1):
        found[city.case_id] = rows
        progress(city.case_id, done, len(cities))
    made = PilotEffects(
        places=pd.DataFrame([(c.case_id, c.name_zh, c.name_en, True) for c in cities], columns=["case_id", "name_zh", "name_en", "simulated"]),
        effects=pd.DataFrame([row for c in cities for row in found[c.case_id].effects], columns=list(EFFECT_FRAME)),
        refusals=pd.DataFrame([row for c in cities for row in found[c.case_id].refusals], columns=["case_id", "outcome", "zh", "en"]),
        claims=pd.concat([found[c.case_id].claims for c in cities if len(found[c.case_id].claims)], ignore_index=True),
        definitions=_simulated_definitions(), doses=doses_of(cities), anchors=_simulated_anchors(),
        truth=pd.DataFrame(
            [(c.case_id, o, t, c.follows_rule) for c in cities for o, t in c.truth.items()], columns=["case_id", "outcome", "truth", "follows_rule"]
        ),
    )
    _write(out, made, key)
    return read_effects(out)  # what is read again is what is shown, also the first time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _OfCity:
    """Rows of one city: effects, refusals, and claims beside estimates."""

    effects: list[dict[str, object]]
    refusals: list[dict[str, object]]
    claims: pd.DataFrame


def _estimated(city: SimulatedCity) -> _OfCity:
    effects: list[dict[str, object]] = []
    refusals: list[dict[str, object]] = []
    claims = pd.DataFrame()
    for outcome, made in city.panels.items():
        panel = Panel.from_frame(
            made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from",
            outcome=outcome, unit=UNITS[outcome],
        )
        if outcome == CLAIMED:
            claims = _claimed(city, replace(panel, breaks=made.breaks))
        try:
            found = estimate_impact(panel, rollout=made.rollout, programmes=made.programmes)
        except (DesignError, EstimationError) as error:
            refusals.append({"case_id": city.case_id, "outcome": outcome, **{x.value: render_error(error, x) for x in Language}})
            continue
        effects.append(_row(city.case_id, outcome, outcome, found.to_dict()))
    return _OfCity(effects=effects, refusals=refusals, claims=claims)


def _claimed(city: SimulatedCity, panel: Panel) -> pd.DataFrame:
    """What the issuer of a city would say of its complaints, beside data and estimate; cities take turns at the kinds of claims."""
    made = city.panels[CLAIMED]
    if not bool(made.frame["live"].all()):  # the register began with the pilot: an issuer has no earlier number to compare with
        return pd.DataFrame()
    counts = made.frame.rename(columns={"numerator": "cases"})[["unit_id", "month", "cases"]]
    begun = made.frame.dropna(subset=["treated_from"]).drop_duplicates("unit_id")
    starts = {str(unit): pd.Timestamp(start) for unit, start in zip(begun["unit_id"], begun["treated_from"], strict=True)}
    said = claims_with_terms(issuer_claims(city.case_id, counts, starts).astype("str"))
    stated = said[city.place % CLAIM_KINDS]
    found = claim_against_estimate(stated, panel, Known(rollout=made.rollout, programmes=made.programmes))
    return comparison_frame([found]).assign(case_id=city.case_id, **{f"summary_{x}": found.summary(x) for x in Language})


def _row(case_id: str, outcome: str, definition: str, effect: Mapping[str, object]) -> dict[str, object]:
    checks = effect["checks"]
    failed = " ".join(str(c["name"]) for c in checks if c["passed"] is False) if isinstance(checks, Sequence) else ""
    row = {"case_id": case_id, "outcome": outcome, "definition": definition, "failed_checks": failed, **logs_of(effect)}
    return row | {name: effect[name] for name in EFFECT_FRAME if name not in row}


def _lost(city: SimulatedCity, how: str) -> _OfCity:
    raise EstimationError(Failure(code="CR-V01", values={"city": city.case_id, "how": how}))


def _simulated_definitions() -> pd.DataFrame:
    return pd.DataFrame([{"definition": o} | {x.value: say(f"pilots.definition_{o}", x) for x in Language} for o in OUTCOMES])


def _simulated_anchors() -> pd.DataFrame:
    rows = [(c, *DOSE_ANCHORS, *(say("pilots.anchor_reason_dose", x) for x in Language)) for c in CONDITIONS]
    rows.append((EFFECT_SET, *EFFECT_ANCHORS, *(say("pilots.anchor_reason_effect", x) for x in Language)))
    return pd.DataFrame(rows, columns=["condition", "exclusion", "crossover", "inclusion", *(f"reason_{x}" for x in Language)])


# ---------------------------------------------------------------- pilots of a project


def effects_of_cases(cases: Sequence[Case], results: Path, *, doses: pd.DataFrame, anchors: pd.DataFrame) -> PilotEffects:
    """The estimates that stand for some cases.

    Parameters
    ----------
    cases
        Case folders; those that were not estimated are left out.
    results
        Folder of the results of all cases (reports/clean).
    doses, anchors
        As `PilotEffects` has them; empty tables where nobody recorded them.

    Returns
    -------
    PilotEffects
        Without truth.

    Raises
    ------
    CaseError
        Estimates are damaged or older than the panels (CR-I59).
    """
    places, effects, refusals, definitions = [], [], [], {}
    for case in cases:
        content = read_estimates(results / case.id)
        if content is None:
            continue
        places.append((case.id, content["name"]["zh"], content["name"]["en"], bool(content["fictional"])))
        for one in content["outcomes"]:
            key = sha256_of(canonical_json(one["definition"]))[:12]
            definitions[key] = {"definition": key} | one["definition"]
            if one["estimate"] is None:
                refusals.append({"case_id": case.id, "outcome": one["outcome"]} | one["refusal"])
            else:
                effects.append(_row(case.id, one["outcome"], key, one["estimate"]))
    return PilotEffects(
        places=pd.DataFrame(places, columns=["case_id", "name_zh", "name_en", "simulated"]), effects=pd.DataFrame(effects, columns=list(EFFECT_FRAME)),
        refusals=pd.DataFrame(refusals, columns=["case_id", "outcome", "zh", "en"]),
        definitions=pd.DataFrame(list(definitions.values()), columns=["definition", "zh", "en"]), doses=doses, anchors=anchors,
        truth=pd.DataFrame(columns=["case_id", "outcome", "truth", "follows_rule"]), claims=_claims_of(cases, results),
    )


def _claims_of(cases: Sequence[Case], results: Path) -> pd.DataFrame:
    """Claims that were held against the data of their cases when these were estimated."""
    found = {case.id: claims_frame(results / case.id) for case in cases}
    tables = [table.assign(case_id=case_id) for case_id, table in found.items() if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["case_id"])


def own_effects(raw: Path, results: Path, out: Path) -> PilotEffects | None:
    """The estimates of a project's own pilots, with doses and anchors where they were recorded, written down; None where no pilot has estimates.

    Parameters
    ----------
    raw
        data_raw: its folders with a case.toml, fictional pilots of data_raw/demo not among them.
    results
        reports/clean.
    out
        Folder of the tables.

    Raises
    ------
    CommResearchError
        As `load_case`, `read_doses` and `effects_of_cases`.
    """
    cases = [load_case(file.parent) for file in sorted(raw.glob("*/case.toml"))]
    if not any(read_estimates(results / case.id) for case in cases):
        return None
    doses, anchors = read_doses(raw, {case.id: case for case in cases})
    made = effects_of_cases(cases, results, doses=doses, anchors=anchors)
    write_effects(out, made)
    return read_effects(out)


# ---------------------------------------------------------------- files


def write_effects(out: Path, effects: PilotEffects) -> None:
    """The tables as CSV in a folder that is replaced as a whole; the same effects leave it as it stands."""
    _write(out, effects, sha256_of(*(getattr(effects, f.name).to_csv(index=False) for f in fields(effects))))


def _write(out: Path, effects: PilotEffects, key: str) -> None:
    with in_turn(out.parent), work_folder(out.parent) as work:
        if _made_from(out) == key:  # another run wrote the same meanwhile, and its reports are reading it
            return
        for field in fields(effects):
            write_whole(work / f"{field.name}.csv", getattr(effects, field.name).to_csv(index=False, lineterminator="\n"))
        write_whole(work / MADE_FROM, json.dumps({"key": key}))
        replace_folder(work, out)


def read_effects(folder: Path) -> PilotEffects:
    """The tables that stand in a folder.

    Raises
    ------
    CaseError
        A table is missing or cannot be read (CR-V02).
    """
    try:
        frames = {f.name: pd.read_csv(folder / f"{f.name}.csv", dtype=TEXTS) for f in fields(PilotEffects)}
    except (OSError, ValueError) as problem:
        raise CaseError(Failure(code="CR-V02", values={"folder": str(folder), "error": str(problem)})) from None
    frames["effects"] = frames["effects"].fillna({"failed_checks": ""})
    return PilotEffects(**frames)


def _made_from(folder: Path) -> str:
    try:
        return str(json.loads((folder / MADE_FROM).read_text(encoding="utf8"))["key"])
    except (OSError, ValueError, KeyError):
        return ""
