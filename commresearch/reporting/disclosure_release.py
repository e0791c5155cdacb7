"""All reports of a run together: what each publishes of persons, and whether a hidden count follows from several of them.

Every report leaves `release.json` in its folder: the groups it counts, the counts as published, and which are hidden (without number). Before a report is
moved to its place it is checked against those that stand there, one report at a time. Counts are compared where they are of the same data, by the same
rules and program: reports of an earlier state of the data are made anew, not compared.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from commresearch.cases.case import Release
from commresearch.errors import Failure, ReportError
from commresearch.records import canonical_json, in_turn, sha256_of, write_whole
from commresearch.reporting.disclosure_groups import Published, exposed
from commresearch.reporting.disclosure_tables import IN_TABLE, exposure
from commresearch.reporting.display import DECLARED

RELEASE = "release.json"
MOST = 12  #: places that a refusal names


@contextmanager
def releasable(notebook: Path, site: Path, subject: str, facts: str, program: str) -> Iterator[None]:
    """Keep the site to this report while it is checked and moved to its place; its `release.json` is written beside the notebook.

    Parameters
    ----------
    notebook : Path
        The executed notebook, in the folder of the report that is about to be moved.
    site : Path
        Where finished reports stand: `<subject>/<language>/release.json`.
    subject, facts : str
        Of the report, and the hash of what it was made from; both languages share them.
    program : str
        Hash of the code that counted.

    Raises
    ------
    ReportError
        A hidden count can be worked out from this report and those that stand there (CR-U06), or counts of the same persons contradict each other
        (CR-U07): all together. Everything in the folder is taken away.
    """
    work, declared = notebook.parent, declared_in(notebook, subject, facts, program)
    with in_turn(site) if declared else nullcontext():
        try:
            require_releasable(declared, standing(site, work))
        except ReportError:
            for left in work.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            raise
        if declared:
            write_whole(work / RELEASE, canonical_json({"subject": subject, "counts": [one.to_dict() for one in declared]}))
        yield


def declared_in(notebook: Path, subject: str, facts: str, program: str) -> list[Published]:
    """What an executed notebook says of persons.

    Populations are marked with the rules and the program; those of single tables with the report and its data, too.
    """
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    items = [output["metadata"][DECLARED] for cell in cells for output in cell.get("outputs", []) if DECLARED in output.get("metadata", {})]
    made = [sha256_of(program, canonical_json(item["rules"]))[:12] for item in items]
    return [
        _marked(Published.from_dict(one), item["rules"], f"{subject}/{facts}/", mark) for item, mark in zip(items, made, strict=True) for one in item["counts"]
    ]


def _marked(published: Published, rules: Mapping[str, Any], report: str, made: str) -> Published:
    group = published.group
    alone = report if group.population.startswith(IN_TABLE) else ""
    return replace(published, group=replace(group, population=f"{alone}{group.population}@{rules['threshold']}/{made}"))


def standing(site: Path, work: Path) -> dict[str, list[Published]]:
    """What the finished reports say of persons, by subject and language; the report that `work` takes the place of is left out.

    An unreadable file counts as that of a report to be made anew.
    """
    found = {}
    for file in sorted(site.glob(f"*/*/{RELEASE}")):
        subject, language = file.parts[-3:-1]
        if language.startswith(".") or (subject, language) == (work.parent.name, work.name.removeprefix(".").partition(".")[0]):
            continue
        try:
            counts = json.loads(file.read_text(encoding="utf8"))["counts"]
            found[f"{subject} ({language})"] = [Published.from_dict(one) for one in counts]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def require_releasable(declared: Sequence[Published], others: Mapping[str, Sequence[Published]]) -> None:
    """Refuse a report from which, with others, a hidden count follows.

    Parameters
    ----------
    declared : sequence of Published
        What the new report says.
    others : mapping
        Report → what it says.

    Raises
    ------
    ReportError
        CR-U06 per hidden count, CR-U07 per population whose counts contradict each other.
    """
    populations = {one.group.population for one in declared}
    beside = [replace(one, place=f"{report}: {one.place}") for report, counts in others.items() for one in counts if one.group.population in populations]
    failures: list[Failure] = []
    for population in sorted(populations):
        mine = [one for one in (*declared, *beside) if one.group.population == population]
        narrow, broken = exposed(mine, Release(threshold=_threshold(population)))
        failures += [Failure(code="CR-U06", values=exposure(one, "").values) for one in narrow[:MOST]]
        failures += [Failure(code="CR-U07", values={"places": "; ".join(one.place for one in mine[:MOST])}) for _ in broken]
    if failures:
        raise ReportError(*failures)


def _threshold(population: str) -> int:
    """The threshold that a population is marked with."""
    return int(population.rpartition("@")[2].partition("/")[0])
