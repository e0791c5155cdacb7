"""Whether anything changed since runs that left the whole site standing: told from hashes, before anything heavy is loaded."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from commresearch.cli.options import KEY_VARIABLE, How
from commresearch.records import canonical_json, files_below, package_hash, package_versions, rendering_hash, sha256_of, write_whole
from commresearch.terms import Language

if TYPE_CHECKING:
    from commresearch.reporting.project import Project

STAMP = "run.json"  #: stands in the site after runs in which everything succeeded
RECEIVED = ("data_raw", "notebooks", "reports/reviews")  #: what people put there, by content
KEPT = ("reports/clean", "reports/results", "reports/comparison", "reports/site")  #: what runs leave, by size and time


def standing_files(place: "Project", how: How, names: Sequence[str] = ()) -> int | None:
    """Number of files of the site where all of it stands as the last run left it, made from what is there now; else None.

    Parameters
    ----------
    place, how
        The project, and the choices of the run.
    names
        Cases that it is about; none for all of them.
    """
    left = _left(place)
    if _choices(how, names) not in left["runs"] or left["state"] != _state(place):
        return None
    return int(left["files"])


def say_unchanged(lang: Language, place: "Project", how: How, names: Sequence[str] = ()) -> bool:
    """Say that nothing is to be done, where that is so and it was not asked for in any case."""
    from commresearch.words import say

    files = None if how.force else standing_files(place, how, names)
    if files is None:
        return False
    typer.echo(say("cli.end_unchanged", lang, files=files))
    typer.echo(say("cli.where", lang, path=place.site))
    return True


def forget_stamp(place: "Project") -> None:
    """Say nothing of the site from here on: a run has begun that may end half-way."""
    (place.site / STAMP).unlink(missing_ok=True)


def keep_stamp(place: "Project", how: How, names: Sequence[str] = ()) -> None:
    """Note that everything was made from what is there now; what is known of other runs stays where they left the same.

    Nothing is noted while another run is at work on the site: what is there now is not yet what it will leave.
    """
    state, left = _state(place), _left(place)
    if state is None:
        return
    runs = {*(left["runs"] if left["state"] == state else ()), _choices(how, names)}
    write_whole(place.site / STAMP, canonical_json({"state": state, "runs": sorted(runs), "files": len(_files(place.site))}))


def _left(place: "Project") -> Mapping[str, Any]:
    """What the stamp says; nothing where there is none, or none that can be read."""
    try:
        left = json.loads((place.site / STAMP).read_text(encoding="utf8"))
    except (OSError, ValueError):
        left = None
    is_whole = isinstance(left, dict) and {"state", "runs", "files"} <= set(left)
    return cast("Mapping[str, Any]", left) if is_whole else {"state": "", "runs": [], "files": 0}


def _choices(how: How, names: Sequence[str]) -> str:
    quarto = os.environ.get("QUARTO_PATH") or shutil.which("quarto")  # `auto` takes it as soon as it is there
    return sha256_of(canonical_json([list(how.languages), list(how.formats), how.renderer, how.engine, how.look, quarto, sorted(set(names))]))


def _state(place: "Project") -> str | None:
    """Hash of what is there; None where a file goes while it is looked at: another run is moving it."""
    received = [path for name in RECEIVED for path in _files(place.root / name)] + [*sorted(place.published.glob("*.csv"))]
    names = canonical_json([str(path) for path in received])
    program = (package_hash(), rendering_hash(), canonical_json(package_versions()))
    try:
        stats = [(str(path.relative_to(place.root)), seen.st_size, seen.st_mtime_ns) for path, seen in _seen(place)]
        return sha256_of(names, *received, canonical_json(stats), *program, sha256_of(os.environ.get(KEY_VARIABLE, "")))
    except FileNotFoundError:
        return None


def _seen(place: "Project") -> list[tuple[Path, os.stat_result]]:
    return [(path, path.stat()) for name in KEPT for path in _files(place.root / name)]


def _files(folder: Path) -> list[Path]:
    return [path for path in files_below(folder) if path.name != STAMP]
