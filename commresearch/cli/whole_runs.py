"""Whether anything changed since the last whole run: told from hashes, before anything heavy is loaded."""

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from commresearch.cli.options import KEY_VARIABLE, How
from commresearch.records import canonical_json, package_hash, package_versions, rendering_hash, sha256_of, write_whole

if TYPE_CHECKING:
    from commresearch.reporting.project import Project

STAMP = "run.json"  #: stands in the site after a run in which everything succeeded
RECEIVED = ("data_raw", "notebooks", "reports/reviews")  #: what people put there, by content
KEPT = ("reports/clean", "reports/results", "reports/comparison", "reports/site")  #: what runs leave, by size and time


def standing_files(place: "Project", how: How) -> int | None:
    """Number of files of the site where all of it stands as the last run left it, made from what is there now with the same choices; else None."""
    try:
        left = json.loads((place.site / STAMP).read_text(encoding="utf8"))
        return int(left["files"]) if left["state"] == _state(place, how) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_stamp(place: "Project") -> None:
    """Say nothing of the site from here on: a run has begun that may end half-way."""
    (place.site / STAMP).unlink(missing_ok=True)


def keep_stamp(place: "Project", how: How) -> None:
    """Note that everything was made from what is there now."""
    write_whole(place.site / STAMP, canonical_json({"state": _state(place, how), "files": len(_files(place.site))}))


def _state(place: "Project", how: How) -> str:
    quarto = os.environ.get("QUARTO_PATH") or shutil.which("quarto")  # `auto` takes it as soon as it is there
    choices = canonical_json([list(how.languages), list(how.formats), how.renderer, how.engine, how.look, quarto])
    received = [path for name in RECEIVED for path in _files(place.root / name)] + [*sorted(place.published.glob("*.csv"))]
    stats = [(str(path.relative_to(place.root)), path.stat().st_size, path.stat().st_mtime_ns) for name in KEPT for path in _files(place.root / name)]
    names = canonical_json([str(path) for path in received])
    program = (package_hash(), rendering_hash(), canonical_json(package_versions()))
    return sha256_of(choices, names, *received, canonical_json(stats), *program, sha256_of(os.environ.get(KEY_VARIABLE, "")))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != STAMP and not path.name.startswith("."))
