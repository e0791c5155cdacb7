"""A process that gets ready while this one works, and then works for it."""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType, TracebackType
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar, cast

from commresearch.records.processes import can_fork

LOOK = 0.5  #: seconds between looks whether the process is still there
PATIENCE = 10  #: seconds in which it has to stop its own workers
First = TypeVar("First")
Result = TypeVar("Result")


class _Answer(NamedTuple):
    """What the process sends: a result, an error to be raised, or that there are no more results."""

    kind: Literal["result", "error", "end"]
    value: Any = None

    def get(self) -> Any:
        if self.kind == "error":
            raise self.value
        return self.value


class Standby(Generic[First]):
    """A forked process that does `first` at once and keeps what it has loaded for the work that `run` gives it.

    Where processes cannot be forked, and after the process has died, everything is done in this one when it is asked for.
    Used as a context: nothing is left running behind it.
    """

    def __init__(self, first: Callable[[], First]) -> None:
        self._first = first
        self._first_answer: _Answer | None = None
        self._connection: Connection | None = None
        if can_fork():
            context: Any = multiprocessing.get_context("fork")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_stand_by, args=(first, theirs, self._connection), daemon=False)
            self._process.start()
            theirs.close()

    def first(self) -> First:
        """What `first` returned; what it raised is raised here."""
        self._first_answer = self._first_answer or self._received()
        return cast("First", self._first_answer.get()) if self._first_answer else self._first()

    def run(self, work: Callable[..., Generator[Result, None, None]], *arguments: object) -> Iterator[Result]:
        """What `work(*arguments)` yields, as it comes; what it raises is raised here.

        If the process dies over it, this ends early: the caller knows what is lacking, and asks again.
        """
        self._first_answer = self._first_answer or self._received()  # it stands before the results
        if not self._sent((work, arguments)):
            yield from work(*arguments)
            return
        try:
            while (answer := self._received()) and answer.kind != "end":
                yield answer.get()
        except BaseException:  # an error of the work, or the caller stopped early: what is still to come is wanted by nobody
            self.close()
            raise

    def _sent(self, message: object) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.send(message)
        except OSError:  # it has died
            self.close()
            return False
        return True

    def _received(self) -> _Answer | None:
        """The next answer; None where there is no process that could give one."""
        if self._connection is None:
            return None
        with suppress(Exception):  # the process is gone, or its answer cannot be read: doing the same here says more of it
            # Workers of a process that was killed hold its end of the connection open: only a look tells that it is gone.
            while not self._connection.poll(LOOK) and self._process.is_alive():
                pass
            if self._connection.poll():
                return cast("_Answer", self._connection.recv())
        self.close()
        return None

    def close(self) -> None:
        """Stop the process, and what it started."""
        if self._connection is None:
            return
        self._connection.close()
        self._connection = None
        self._process.terminate()
        try:
            self._process.join(PATIENCE)
        finally:  # a second interrupt, too, leaves nothing behind
            self._process.kill()
            self._process.join()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # workers of a process that was killed and could not stop them

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _stand_by(first: Callable[[], Any], ours: Connection, theirs: Connection) -> None:
    """The life of the process: `first`, then one piece of work after the other, until the other end is closed."""
    os.setpgrp()  # an interrupt at the keyboard is the parent's to handle; it ends this process and what this one started
    signal.signal(signal.SIGTERM, _leave)
    theirs.close()  # else the end of the parent would not be noticed
    try:
        ours.send(_answer(first))
        while True:
            work, arguments = ours.recv()
            with closing(work(*arguments)) as results:  # where this process is told to leave, the work tidies up behind it
                while (answer := _answer(partial(next, results))).kind == "result":
                    ours.send(answer)
            ours.send(answer)
    except (EOFError, ConnectionError):  # nobody waits for it any more, or did not read what it sent
        return


def _answer(work: Callable[[], Any]) -> _Answer:
    try:
        return _Answer("result", work())
    except StopIteration:
        return _Answer("end")
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        error.add_note(traceback.format_exc())  # the parent's own trace does not lead to where it happened
        return _Answer("error", error)


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signals give both
    """End as by an exception, so that workers are stopped and folders removed on the way."""
    sys.exit(1)
