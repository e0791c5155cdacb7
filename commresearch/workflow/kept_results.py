"""What a run of `estimate` found, put into the results store: effects, definitions, grades, months of data, and what all was made from and with."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case import CASE_FILE
from commresearch.cleaning.corrections import LIST_NAME
from commresearch.outcomes import Panel
from commresearch.records import RunRecord, canonical_json, package_hash, package_versions, sha256_of
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.records.results_store import COLUMNS, COUNTS, KeptRun, ResultsStore, run_id
from commresearch.workflow.case_estimates import CONTENT, CaseEstimates
from commresearch.workflow.case_logs import CleanedLog
from commresearch.workflow.case_panels import CasePanel

RESULTS = "results"  #: folder of the store, below that of the reports
PACKAGE = "package"  #: setting under which the hash of the program's own files stands
CODE = re.compile(r"CR-[A-Z]\d\d")


def results_store(project: Path) -> ResultsStore:
    """The store of a project."""
    return ResultsStore(folder=project / "reports" / RESULTS)


def keep_estimates(
    case: Case, estimates: CaseEstimates, counted: tuple[Sequence[CleanedLog], Sequence[CasePanel]], store: ResultsStore, *, at: datetime
) -> KeptRun:
    """Keep what was estimated of a case, also where nothing changed since the last run.

    Parameters
    ----------
    case
        A checked case folder, held by this run.
    estimates
        What `estimate_case` gave.
    counted
        The logs and panels that it was estimated from.
    store
        Where it is kept.
    at
        When the run began; the cases of one run have the same.

    Raises
    ------
    CaseError
        The store cannot be written to (CR-C04).
    """
    logs, panels = counted
    analysis, facts = case.settings.analysis, case.settings.case
    plan = estimates.content["plan"]
    told = [log.table.provenance for log in logs]
    inputs = {str(file): str(digest) for one in told for file, digest in one.get("files", {}).items()}
    beside = [case.path(name) for name in (CASE_FILE, LIST_NAME, *([analysis.plan] if analysis.plan else []))]
    inputs |= {path.name: sha256_of(path) for path in beside if path.is_file()}
    record = RunRecord(
        key=sha256_of(canonical_json(estimates.content)), made_on=at.isoformat(timespec="seconds"), inputs=dict(sorted(inputs.items())),
        settings={
            "name": {"zh": facts.name_zh, "en": facts.name_en}, "seed": analysis.seed, "conf_level": analysis.conf_level, "months": analysis.months,
            "plan": None if plan is None else plan["key"], "key": sorted({str(one["key"]) for one in told if one.get("key")}),
            PACKAGE: package_hash(),
        },
        outputs={CONTENT: sha256_of(estimates.folder / CONTENT)}, versions=package_versions(),
    )
    return store.put(run_id(at), record, kept_rows(estimates.content, {str(one.outcome): one.panel for one in panels}))


def kept_rows(content: Mapping[str, Any], panels: Mapping[str, Panel]) -> pd.DataFrame:
    """One row per outcome in the columns of the store; of one without an effect the codes of its refusal.

    Parameters
    ----------
    content
        What estimates.json holds.
    panels
        Outcome → the panel that was estimated from.
    """
    rows = []
    for one in content["outcomes"]:
        panel, effect = panels[one["outcome"]], one["estimate"] if one["estimate"] is not None else {}
        months = panel.frame["month"]
        rows.append({
            "case_id": content["case"], "fictional": bool(content["fictional"]), "outcome": one["outcome"], "definition": canonical_json(panel.definition.to_dict()),
            **{name: effect.get(name) for name in ("method", "inference", "estimand", *EFFECT_COLUMNS, *COUNTS, "grade")},
            "design": None if one["grading"] is None else one["grading"]["design"], "first_month": f"{months.min():%Y-%m}", "last_month": f"{months.max():%Y-%m}",
            "refusal": None if one["refusal"] is None else ", ".join(dict.fromkeys(CODE.findall(one["refusal"]["en"]))),
        })
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COUNTS, "Int64"))
