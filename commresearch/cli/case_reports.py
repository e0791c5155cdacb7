"""Reports on cases by name: published ones from the ledger, pilots from what was cleaned and estimated of them."""

import csv
from contextlib import ExitStack
from typing import TYPE_CHECKING

import typer

from commresearch.cli.making import case_by_case, each_case, finish, left_by, load_cases, make_reports, report_cases, require_choices
from commresearch.cli.options import How
from commresearch.cli.whole_runs import keep_stamp, say_unchanged
from commresearch.errors import CaseError, Failure
from commresearch.terms import Language

if TYPE_CHECKING:
    from pathlib import Path

    from commresearch.cases import Case
    from commresearch.reporting.build import ReportTask
    from commresearch.reporting.project import Project

NONE = "—"
CASE_FILE, LEDGER_FILE = "case.toml", "cases.csv"


def report_named(lang: Language, place: "Project", names: list[str], how: How) -> None:
    """Make the reports on the named cases; what is wrong with one pilot does not stop the others.

    Raises
    ------
    CaseError
        Names that neither the ledger nor a folder has: all together (CR-C01).
    """
    require_choices(how)
    if say_unchanged(lang, place, how, names):
        return
    wanted = list(dict.fromkeys(names))
    pilots, published = _pilots(place.root), _published(place)
    if unknown := [name for name in wanted if name not in pilots and name not in published]:
        known = ", ".join(dict.fromkeys([*published, *pilots])) or NONE
        raise CaseError(*(Failure(code="CR-C01", values={"case": name, "known": known}) for name in unknown))
    own = [name for name in wanted if name in pilots]
    with case_by_case(own, lang) as faults, ExitStack() as kept:
        planned = each_case(load_cases(place.root, own, faults), lambda case: _planned(place, case, how, kept), faults)
        tasks = [task for made in planned.values() for task in made]
        named = [name for name in wanted if name in published]
        if published and (named or tasks):
            report_cases(lang, place, named, how, comparison=False, beside=tasks)
        elif tasks:
            _report_pilots(lang, place, tasks, how)
    keep_stamp(place, how, names)


def _pilots(root: "Path") -> list[str]:
    """Names of the folders of pilots: the project's own, then the fictional ones."""
    raw = root / "data_raw"
    return list(dict.fromkeys(file.parent.name for pattern in ("*", "demo/*") for file in sorted(raw.glob(f"{pattern}/{CASE_FILE}"))))


def _published(place: "Project") -> list[str]:
    """Ids of the published cases, from their file alone: it is checked with the rest of the ledger where reports are planned."""
    path = place.published / LEDGER_FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["case_id"] for row in csv.DictReader(file) if row.get("case_id")]


def _planned(place: "Project", case: "Case", how: How, kept: ExitStack) -> "list[ReportTask]":
    """The reports on a pilot, which is kept for this run until they are made; numbers typed by hand that no result holds are told."""
    from commresearch.records import held
    from commresearch.reporting.pilot_report_plan import narrative_warnings, plan_case_reports

    folder, languages = place.root / "reports" / "clean" / case.id, list(dict.fromkeys(how.languages))
    if folder.is_dir():
        kept.enter_context(held(folder))
    tasks = plan_case_reports(case, folder, languages)
    for warning in (told for language in languages for told in narrative_warnings(case, folder, language)):
        typer.echo(warning)
    return tasks


def _report_pilots(lang: Language, place: "Project", tasks: "list[ReportTask]", how: How) -> None:
    """Reports on pilots in a project without a ledger: there is no index."""
    from commresearch.reporting.build import build_reports
    from commresearch.workflow import require_clean_reports

    results = make_reports(lang, place, tasks, how, build_reports)
    require_clean_reports(left_by(place, tasks), {}, clean=place.root / "reports" / "clean")
    finish(results, [place.site / t.subject / t.language / f"{t.stem}.html" for t in tasks if t.language == how.languages[0]], lang)
