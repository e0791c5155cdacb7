"""Content hashes, and files and folders that are whole or absent."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commresearch.errors import CaseError, Failure

WORK = ".work-"  #: what is not finished yet, or was left so by a run that died, has a name that begins so


def sha256_of(*parts: Path | bytes | str | Iterable[Path]) -> str:
    """Hash of files, texts and bytes: of one what other programs print for it, of several the hash of their hashes in order."""
    digests = []
    for part in parts:
        for piece in [part] if isinstance(part, (Path, bytes, str)) else part:
            if isinstance(piece, Path):
                with piece.open("rb") as file:
                    digests.append(hashlib.file_digest(file, "sha256").hexdigest())  # a log may be larger than the memory
            else:
                digests.append(hashlib.sha256(piece.encode() if isinstance(piece, str) else piece).hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and readable Chinese: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=str)


def files_below(folder: Path) -> list[Path]:
    """Files in a folder and those below it, in order; what is hidden is left out, and what another run takes away meanwhile."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found)


def replace_folder(made: Path, folder: Path) -> None:
    """Move a finished folder over an older one, which is gone only when the new one stands there.

    Raises
    ------
    OSError
        It cannot be moved, or a file stands in its place: that was put there by somebody.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    old = made.with_name(f"{made.name}-old")
    if folder.exists():
        folder.replace(old)
    try:
        made.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def made_folder(out: Path) -> Iterator[None]:
    """A folder that is made where it is missing; gone afterwards, with those above it, where nothing was put into them.

    Raises
    ------
    CaseError
        It cannot be made (CR-C04).
    """
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise unwritable(out, problem) from None
        yield
    finally:
        for folder in new:
            with suppress(OSError):  # only empty folders go
                folder.rmdir()


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """A new folder inside `out`, which is made where it is missing; gone afterwards with what was not moved away, and with folders left empty.

    Raises
    ------
    CaseError
        A folder or file cannot be written (CR-C04).
    """
    with made_folder(out):
        work = None
        try:
            work = Path(tempfile.mkdtemp(dir=out, prefix=WORK))
            work.chmod(0o755)
            yield work
        except OSError as problem:
            raise unwritable(out, problem) from None
        finally:
            if work is not None:
                shutil.rmtree(work, ignore_errors=True)


def unwritable(out: Path, problem: OSError) -> CaseError:
    """The error for what cannot be written: its place, or the file elsewhere that the system names."""
    named = Path(os.fsdecode(problem.filename)) if isinstance(problem.filename, str | bytes) else out
    path = out if named.is_relative_to(out) else named
    return CaseError(Failure(code="CR-C04", values={"path": str(path), "error": problem.strerror or str(problem)}))


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file so that a reader, or a crash, never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
