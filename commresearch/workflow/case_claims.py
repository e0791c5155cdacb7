"""What was published about a pilot beside what its data and an estimate say: every claim of its claims.csv; again only where something changed."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case_claims_file import CLAIMS_FILE, CaseClaim, read_case_claims
from commresearch.comparison.claim_against import ClaimComparison, Known, claim_against_estimate, comparison_frame, not_measured
from commresearch.comparison.claim_against_view import Reason
from commresearch.errors import CommResearchError
from commresearch.outcomes import Panel
from commresearch.records import canonical_json, held, package_hash, package_versions, replace_folder, sha256_of, work_folder, write_whole
from commresearch.terms import DataKind, Language
from commresearch.words.effects import outcome_name
from commresearch.workflow.case_estimates import panel_key, register_of
from commresearch.workflow.case_logs import CleanedLog, clean_logs
from commresearch.workflow.case_panels import MANIFEST, CasePanel, build_case_panels
from commresearch.workflow.claim_panels import ClaimCounter, ClaimPanels
from commresearch.workflow.outcome_estimates import in_both

CLAIMS, CONTENT, TABLE, PARTS = "_claims", "claims.json", "claims.csv", "parts.csv"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseClaims:
    """The claims on a case beside data and estimates, and where they stand.

    folder : Path
        Holds claims.json, claims.csv (one row per claim), parts.csv (one row per part) and what they were made from.
    content : mapping
        What claims.json holds: case, name, fictional, claims.
    reused : bool
        Whether they stood there already.
    """

    folder: Path
    content: Mapping[str, Any]
    reused: bool = False

    @property
    def claims(self) -> list[dict[str, Any]]:
        """One record per claim, in the order of the file."""
        made: list[dict[str, Any]] = self.content["claims"]
        return made


def compare_case_claims(
    case: Case, out: Path, *, pseudonym_key: bytes | None = None, engine: str = "duckdb",
    counted: tuple[Sequence[CleanedLog], Sequence[CasePanel]] | None = None, progress: Callable[[str, int, int], None] = lambda *_: None,
) -> CaseClaims | None:
    """Hold every claim of a case's claims.csv against its data and an estimate on the claim's own terms.

    Parameters
    ----------
    case
        A checked case folder.
    out
        Folder of the case's results; the claims stand in its folder `_claims`, which is replaced as a whole.
    pseudonym_key, engine, counted
        As `estimate_case` takes them.
    progress
        Told the id of a claim, how many are done, and how many there are.

    Returns
    -------
    CaseClaims or None
        None where the case has no claims.csv; what stood there of an earlier one is taken away. A claim that cannot be compared says why and does not
        stop the others. They are used as they stand where file, panels, settings and program are the same.

    Raises
    ------
    SchemaError
        Faults of claims.csv, all at once (CR-Y02 … CR-Y11).
    CommResearchError
        What `clean_logs` and `build_case_panels` refuse. Another run works on the case (CR-C06).
    """
    path = case.path(CLAIMS_FILE)
    if not path.is_file():
        shutil.rmtree(out / CLAIMS, ignore_errors=True)
        return None
    stated = read_case_claims(path)
    with held(out):
        logs, panels = counted if counted is not None else (clean_logs(case, out, pseudonym_key=pseudonym_key), ())
        if counted is None:
            panels = build_case_panels(case, logs, out, engine=engine)
        made_from = _made_from(case, path, panels)
        if (content := _standing(out / CLAIMS, made_from)) is not None:
            return CaseClaims(folder=out / CLAIMS, content=content, reused=True)
        found = _compared(case, logs, {str(one.outcome): one.panel for one in panels}, stated, progress)
        content = _content(case, found)
        _write(out, content, found, made_from)
    return CaseClaims(folder=out / CLAIMS, content=content)


def read_case_comparison(folder: Path) -> Mapping[str, Any] | None:
    """What claims.json in a folder of results holds; None where the case has none, or it is damaged."""
    with suppress(OSError, ValueError):
        read: Mapping[str, Any] = json.loads((folder / CLAIMS / CONTENT).read_text(encoding="utf8"))
        return read
    return None


def claims_frame(folder: Path) -> pd.DataFrame:
    """Every claim of a case in the columns of `comparison_frame`, with summary_zh and summary_en; empty where there is none."""
    content = read_case_comparison(folder)
    if content is None or not content["claims"]:
        return pd.DataFrame()
    table = {name: _read_back(column) for name, column in pd.DataFrame(content["table"]).items()}
    return pd.DataFrame(table).assign(**{f"summary_{x}": [one["summary"][x.value] for one in content["claims"]] for x in Language})


def _read_back(column: pd.Series) -> pd.Series:
    """A column as it was before it was written: JSON has no NaN, so that a number that is missing came back as nothing."""
    known = column.dropna()
    is_number = known.map(lambda value: isinstance(value, int | float) and not isinstance(value, bool)).all()
    return column.astype("float64") if is_number else column


def _compared(
    case: Case, logs: Sequence[CleanedLog], panels: Mapping[str, Panel], stated: Sequence[CaseClaim], progress: Callable[[str, int, int], None]
) -> list[ClaimComparison]:
    """Every claim, in the order of the file."""
    counter = ClaimCounter(case, logs, panels)
    rollout, programmes = (register_of(logs, kind) for kind in (DataKind.ROLLOUT, DataKind.PROGRAMMES))
    analysis, made = case.settings.analysis, []
    for place, one in enumerate(stated):
        progress(one.claim.claim_id, place, len(stated))
        try:
            own = counter.of(one.terms)
            if own.panel is None:
                made.append(not_measured(one, (_no_panel(one, own),), conf_level=analysis.conf_level))
                continue
            known = Known(rollout=rollout, programmes=programmes, unaffected=own.unaffected)
            made.append(claim_against_estimate(one, own.panel, known, seed=analysis.seed, conf_level=analysis.conf_level))
        except CommResearchError as error:  # its own panel cannot be counted: this one is not measured, the others are
            made.append(not_measured(one, (Reason(key="panel", values={"why": in_both(error)}),), conf_level=analysis.conf_level))
    return [replace(c, estimated=None if c.estimated is None else replace(c.estimated, case_id=case.id)) for c in made]


def _no_panel(stated: CaseClaim, own: ClaimPanels) -> Reason:
    """Why there is nothing that a claim could be measured in."""
    if own.unknown_topics:
        return Reason(key="topics_unknown", values={"topics": own.unknown_topics})
    return Reason(key="no_panel", values={"outcome": {x.value: outcome_name(stated.terms.outcome, x) for x in Language}})


def _made_from(case: Case, path: Path, panels: Sequence[CasePanel]) -> str:
    """What the comparison is made from and with; what panels were made from has all logs and registers in it."""
    analysis = case.settings.analysis
    return canonical_json({
        "claims": sha256_of(path.read_text(encoding="utf-8-sig")), "panels": {str(one.outcome): panel_key(one.folder) for one in panels},
        "seed": analysis.seed, "conf_level": analysis.conf_level, "package": package_hash(), "versions": package_versions(),
    })


def _standing(folder: Path, made_from: str) -> Mapping[str, Any] | None:
    """What stands in a folder, if it was made from the same and is whole."""
    with suppress(OSError, ValueError):
        if (folder / MANIFEST).read_text(encoding="utf8") == made_from:
            return read_case_comparison(folder.parent)
    return None


def _content(case: Case, made: Sequence[ClaimComparison]) -> dict[str, Any]:
    facts = case.settings.case
    table = json.loads(comparison_frame(made).to_json(orient="records", force_ascii=False, double_precision=15)) if made else []
    return {
        "case": case.id, "name": {"zh": facts.name_zh, "en": facts.name_en}, "fictional": facts.fictional, "conf_level": case.settings.analysis.conf_level,
        "claims": [one.to_dict() for one in made], "table": table,
    }


def _write(out: Path, content: Mapping[str, Any], made: Sequence[ClaimComparison], made_from: str) -> None:
    """Write the folder of claims, all or nothing."""
    parts = [one.parts_frame().assign(claim_id=one.stated.claim.claim_id, unit=str(one.unit or "")) for one in made if one.parts]
    with work_folder(out) as work:
        write_whole(work / CONTENT, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))
        for name, table in ((TABLE, comparison_frame(made)), (PARTS, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame())):
            write_whole(work / name, b"\xef\xbb\xbf" + table.to_csv(index=False).encode())
        write_whole(work / MANIFEST, made_from)
        replace_folder(work, out / CLAIMS)
