"""One run at a time in a folder: another one is told who is there, and nothing stays locked behind a run that died.

The lock is one of the operating system's: it goes with the process that holds it, however that ends. What stands in the file only tells who it is.
"""

import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commresearch.errors import CaseError, Failure
from commresearch.records.files import WORK, made_folder, unwritable

if sys.platform == "win32":
    import msvcrt

    BEHIND = 2**20  #: Windows lets nobody read a locked byte: the one that is locked stands far behind the text

    def _lock(file: int) -> None:
        os.lseek(file, BEHIND, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # forked processes do not hold it, too


LOCK = ".lock"
HELD_BY_ANOTHER = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
TURN, PAUSE = 120, 0.02  #: seconds that a turn is waited for, and between two attempts
ATTEMPTS = 20  #: the file may go, with the run that held it, between its opening and its locking
_held: dict[Path, int] = {}  #: folders that this process holds, and the thread that does


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a folder for this run; what a run that died left half-done in it (`.work-*`) is removed.

    Parameters
    ----------
    folder
        Made where it is missing, and gone afterwards where nothing was put into it. The thread that holds it may ask for it again.

    Raises
    ------
    CaseError
        Another run holds it: its process id, and since when (CR-C06). It cannot be written to (CR-C04).
    """
    place = folder.resolve()
    if _held.get(place) == threading.get_ident():
        yield
        return
    with made_folder(place):
        file = _taken(place)
        _held[place] = threading.get_ident()
        try:
            for left in [*place.rglob(f"{WORK}*")]:
                shutil.rmtree(left, ignore_errors=True)
            yield
        finally:
            del _held[place]
            _let_go(file, place / LOCK)


def _taken(folder: Path) -> int:
    """The open file of a lock that is now ours."""
    path = folder / LOCK
    if folder in _held:
        raise _busy(folder)
    for _ in range(ATTEMPTS):
        file = _opened(path)
        try:
            _lock(file)
        except OSError as problem:
            os.close(file)
            raise _busy(folder) if problem.errno in HELD_BY_ANOTHER else unwritable(path, problem) from None
        if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()}\n{time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
            return file
        os.close(file)  # that of a run that ended meanwhile and took it away
    raise _busy(folder)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)  # a run that ended may have taken it away, empty
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as problem:
        raise unwritable(path, problem) from None


def _busy(folder: Path) -> CaseError:
    said: list[str] = []
    with suppress(OSError, UnicodeDecodeError):
        said = (folder / LOCK).read_text(encoding="utf8").split("\n")
    process, since = (said[i] if i < len(said) and said[i] else "—" for i in range(2))
    return CaseError(Failure(code="CR-C06", values={"folder": str(folder), "process": process, "since": since}))


def _let_go(file: int, path: Path) -> None:
    if sys.platform != "win32":  # there an open file cannot be removed; here another run must not lock one that is about to go
        path.unlink(missing_ok=True)
    os.close(file)
    if sys.platform == "win32":
        with suppress(OSError):  # another run has opened it already
            path.unlink()


@contextmanager
def in_turn(folder: Path, seconds: float = TURN) -> Iterator[None]:
    """Do something in a folder that processes of one run do one after the other; whoever comes later waits.

    Parameters
    ----------
    folder
        Made where it is missing.
    seconds
        How long to wait at most.

    Raises
    ------
    CaseError
        The turn did not come in time: the process that has it (CR-C06), or the folder cannot be written to (CR-C04).
    """
    end = time.monotonic() + seconds
    while True:
        try:
            file = _taken(folder)
            break
        except CaseError as problem:
            if problem.failures[0].code != "CR-C06" or time.monotonic() > end:
                raise
            time.sleep(PAUSE)
    try:
        yield
    finally:
        _let_go(file, folder / LOCK)
