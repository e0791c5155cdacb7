"""For whom the reports of a case are made and how they hide small counts: [release] of case.toml, kept beside what was cleaned."""

import json
from pathlib import Path

from pydantic import ValidationError

from commresearch.cases.case import Case, Release
from commresearch.errors import CaseError, Failure
from commresearch.records import canonical_json, write_whole

EDITION = "edition.json"
ABOVE = 1  #: a survey stands one folder below its case


def keep_edition(case: Case, out: Path) -> Path:
    """Write what case.toml says of release to the folder that reports on the case read.

    Parameters
    ----------
    case : Case
    out : Path
        Where the case is cleaned.
    """
    path = out / EDITION
    write_whole(path, canonical_json(case.settings.release.model_dump(mode="json")))
    return path


def edition_file(folder: Path) -> Path | None:
    """The file of a cleaned case or of one of its surveys; None where there is none."""
    return next((place / EDITION for place in (folder, *folder.parents[:ABOVE]) if (place / EDITION).is_file()), None)


def edition_of(folder: str | Path) -> Release:
    """The edition of reports on a cleaned case, or on one of its surveys: the public one with the usual threshold where nothing was kept.

    Raises
    ------
    CaseError
        The file is not what `keep_edition` writes (CR-U09).
    """
    path = edition_file(Path(folder))
    if path is None:
        return Release()
    try:
        return Release.model_validate(json.loads(path.read_text(encoding="utf8")))
    except (ValueError, ValidationError) as error:
        raise CaseError(Failure(code="CR-U09", values={"file": str(path), "error": " ".join(str(error).split())})) from None
