"""What a pilot changed: every outcome of a case estimated, judged, and written down; again only where something changed."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.ledger_files import TABLES
from commresearch.errors import CaseError, Failure
from commresearch.impact.plan_file import LockedPlan, read_plan
from commresearch.impact.result import Note
from commresearch.records import canonical_json, held, package_hash, package_versions, replace_folder, sha256_of, work_folder, write_whole
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.terms import DataKind, Headline, Language, Outcome
from commresearch.words import say
from commresearch.workflow.case_logs import CleanedLog, clean_logs
from commresearch.workflow.case_panels import MANIFEST, PANELS, CasePanel, build_case_panels
from commresearch.workflow.outcome_estimates import KnownOfCase, Record, outcome_record

ESTIMATES, CONTENT, EFFECTS = "_estimates", "estimates.json", "effects.csv"
OUTCOMES_SEEN = "outcome months were recorded when the plan was locked"  #: notes of a plan that came late
COUNTS = ("n_obs", "n_units", "n_clusters", "n_treated")
#: Headline of published numbers → the outcomes that it is held beside.
HEADLINES: Mapping[Headline, tuple[Outcome, ...]] = {
    Headline.COMPLAINTS: (Outcome.COMPLAINT_RATE,), Headline.YOUTH: (Outcome.YOUTH_PARTICIPATION,), Headline.SPACE: (Outcome.SPACE_USE, Outcome.AREA_IN_USE),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseEstimates:
    """The estimates of a case, and where they stand.

    folder : Path
        Holds estimates.json, effects.csv and what they were made from.
    content : mapping
        What estimates.json holds.
    reused : tuple of str
        Outcomes that stood there already.
    """

    folder: Path
    content: Mapping[str, Any]
    reused: tuple[str, ...] = ()

    @property
    def outcomes(self) -> list[Record]:
        """One record per outcome."""
        made: list[Record] = self.content["outcomes"]
        return made

    @property
    def estimated(self) -> list[Record]:
        """Those with an effect; of the others `refusal` tells why there is none."""
        return [one for one in self.outcomes if one["estimate"] is not None]


def estimate_case(
    case: Case, out: Path, *, pseudonym_key: bytes | None = None, engine: str = "duckdb", published: Path | None = None,
    counted: tuple[Sequence[CleanedLog], Sequence[CasePanel]] | None = None, progress: Callable[[str, int, int], None] = lambda *_: None,
) -> CaseEstimates:
    """Estimate what the pilot changed, for every outcome that its logs tell.

    Parameters
    ----------
    case
        A checked case folder.
    out
        Folder of the case's results; the estimates stand in its folder `_estimates`, which is replaced as a whole.
    pseudonym_key, engine
        As `clean_logs` and `build_case_panels` take them; what they made is used where nothing changed.
    published
        Folder of the published ledger, for claims on the same case.
    counted
        What those two gave, where they were called before.
    progress
        Told the name of an outcome, how many are done, and how many there are.

    Returns
    -------
    CaseEstimates
        In the order of `Outcome`; an outcome of which no effect can be estimated has a refusal and does not stop the others. Outcomes are
        used as they stand where panel, plan, settings and program are the same.

    Raises
    ------
    CommResearchError
        What `clean_logs` and `build_case_panels` refuse; the case has no panel (CR-F14); its plan cannot be read (CR-I50) or was changed after
        it was locked (CR-I51). Another run works on the case (CR-C06).
    """
    plan = plan_of(case)
    with held(out):
        logs, panels = counted if counted is not None else (clean_logs(case, out, pseudonym_key=pseudonym_key), ())
        if counted is None:
            panels = build_case_panels(case, logs, out, engine=engine)
        if not panels:
            raise CaseError(Failure(code="CR-F14", values={"case": case.id}))
        analysis = case.settings.analysis
        known = KnownOfCase(
            case_id=case.id, seed=analysis.seed, conf_level=analysis.conf_level, rollout=register_of(logs, DataKind.ROLLOUT),
            programmes=register_of(logs, DataKind.PROGRAMMES), plan=plan, claims={} if published is None else published_claims(case, published),
        )
        standing, old = _standing(out / ESTIMATES)
        made_from, records, reused = {}, [], []
        settled = sha256_of(_settled(known))
        for place, one in enumerate(panels):
            name = str(one.outcome)
            made_from[name] = {"panel": panel_key(one.folder), "settled": settled}
            if old.get(name) == made_from[name] and name in standing:
                reused.append(name)
                records.append(standing[name])
            else:
                progress(name, place, len(panels))
                records.append(outcome_record(one.outcome, one.panel, known))
        content = _content(case, plan, records)
        _write(out, content, made_from)
    return CaseEstimates(folder=out / ESTIMATES, content=content, reused=tuple(reused))


def read_estimates(folder: Path) -> Mapping[str, Any] | None:
    """What estimates.json in a folder of results holds; None where the case was not estimated.

    Raises
    ------
    CaseError
        The panels that stand there are others than those that were estimated, or the estimates are damaged (CR-I59).
    """
    if not (folder / ESTIMATES / CONTENT).is_file():
        return None
    records, made_from = _standing(folder / ESTIMATES)
    panels = {path.parent.name: panel_key(path.parent) for path in (folder / PANELS).glob(f"*/{MANIFEST}")}
    if {name: parts["panel"] for name, parts in made_from.items()} != panels or set(records) != set(panels):
        raise CaseError(Failure(code="CR-I59", values={"folder": str(folder / ESTIMATES)}))
    read: Mapping[str, Any] = json.loads((folder / ESTIMATES / CONTENT).read_text(encoding="utf8"))
    return read


def plan_of(case: Case) -> LockedPlan | None:
    """The locked plan that case.toml names.

    Raises
    ------
    CaseError
        It cannot be read (CR-I50), or was changed after it was locked (CR-I51).
    """
    name = case.settings.analysis.plan
    if not name:
        return None
    try:
        text = case.path(name).read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as problem:
        raise CaseError(Failure(code="CR-I50", values={"file": name, "error": str(problem)})) from None
    return read_plan(text, name)


def register_of(logs: Sequence[CleanedLog], kind: DataKind) -> pd.DataFrame | None:
    """A register of the case as one table; None where it has none."""
    tables = [log.table.frame() for log in logs if log.table.kind is kind]
    return pd.concat(tables, ignore_index=True) if tables else None


def published_claims(case: Case, folder: Path) -> Mapping[str, list[Record]]:
    """Published numbers on a case, by outcome: of the case with its id, and from the sources that case.toml names.

    Returns
    -------
    dict
        Outcome → records with claim_id and text in both languages; empty where the ledger knows nothing of the case.
    """
    path = folder / f"{TABLES[3]}.csv"
    if not path.is_file():
        return {}
    claims = pd.read_csv(path, dtype=str, keep_default_na=False)
    mine = claims[(claims["case_id"] == case.id) | claims["source_id"].isin(list(case.settings.case.sources))]
    found: dict[str, list[Record]] = {}
    for claim, headline, zh, en in mine[["claim_id", "headline", "text_zh", "text_en"]].itertuples(index=False, name=None):
        for outcome in HEADLINES[Headline(headline)] if headline in set(Headline) else ():
            found.setdefault(str(outcome), []).append({"claim_id": claim, "text": {"zh": zh, "en": en}})
    return found


def _settled(known: KnownOfCase) -> str:
    """What every outcome of a case is estimated with, beside its panel; registers are part of what its panel was made from."""
    plan = None if known.plan is None else known.plan.key
    return canonical_json({
        "seed": known.seed, "conf_level": known.conf_level, "plan": plan, "claims": known.claims, "package": package_hash(), "versions": package_versions(),
    })


def panel_key(folder: Path) -> str:
    """What the panel in a folder was made from."""
    return sha256_of((folder / MANIFEST).read_text(encoding="utf8"))


def _standing(folder: Path) -> tuple[dict[str, Record], dict[str, Mapping[str, str]]]:
    """Records that stand in a folder, and what they were made from; nothing where they are not whole."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = json.loads((folder / CONTENT).read_text(encoding="utf8"))
        made_from = json.loads((folder / MANIFEST).read_text(encoding="utf8"))
        return {str(one["outcome"]): one for one in content["outcomes"]}, dict(made_from)
    return {}, {}


def _content(case: Case, plan: LockedPlan | None, records: Sequence[Record]) -> dict[str, Any]:
    facts, analysis = case.settings.case, case.settings.analysis
    return {
        "case": case.id, "name": {"zh": facts.name_zh, "en": facts.name_en}, "fictional": facts.fictional, "seed": analysis.seed,
        "conf_level": analysis.conf_level, "plan": None if plan is None else _plan(plan, records), "outcomes": list(records),
    }


def _plan(plan: LockedPlan, records: Sequence[Record]) -> Record:
    """What the report says of the plan; that it came late, and that its outcome has no panel, too."""
    outcome = plan.plan.outcome
    notes = [plan.status, *([Note(key="plan_outcomes_seen")] if plan.plan.notes == OUTCOMES_SEEN else [])]
    if outcome not in {one["outcome"] for one in records}:
        key = f"panel.outcome_{outcome}"
        named = {x.value: say(key, x) if outcome in set(Outcome) else outcome for x in Language}
        notes.append(Note(key="plan_without_outcome", values={"outcome": named}))
    status = {x.value: Note(key="why_joined").text(x).join(note.text(x) for note in notes) for x in Language}
    return {"status": status, "key": plan.key, "locked_on": plan.locked_on.isoformat(), "outcome": outcome}


def _write(out: Path, content: Mapping[str, Any], made_from: Mapping[str, Mapping[str, str]]) -> None:
    """Write the folder of estimates, all or nothing."""
    with work_folder(out) as work:
        write_whole(work / CONTENT, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))
        write_whole(work / EFFECTS, b"\xef\xbb\xbf" + effects_table(content).to_csv(index=False).encode())
        write_whole(work / MANIFEST, canonical_json(made_from))
        replace_folder(work, out / ESTIMATES)


def effects_table(content: Mapping[str, Any]) -> pd.DataFrame:
    """One row per outcome in the vocabulary of effects; of simulated data `fictional` is true, of outcomes without effect `refusal` tells why."""
    rows = []
    for one in content["outcomes"]:
        effect = {} if one["estimate"] is None else one["estimate"]
        how = {name: effect.get(name) for name in ("method", "inference", "estimand", *EFFECT_COLUMNS, *COUNTS, "grade")}
        refusal = "" if one["refusal"] is None else one["refusal"]["zh"]
        rows.append({"case_id": content["case"], "fictional": content["fictional"], "outcome": one["outcome"], **how, "refusal": refusal})
    return pd.DataFrame(rows)
