"""A fictional pilot as a case folder: what a partner would send, with a case.toml that names it."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from commresearch.records import write_whole
from commresearch.simulate.log_sheets import WrittenLog
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.logs import SimulatedLogs, Truth, simulate_logs
from commresearch.simulate.register_files import REGISTER_FILES, write_register
from commresearch.simulate.room_files import write_counters, write_room_book
from commresearch.simulate.signin_files import write_signin_books
from commresearch.simulate.ticket_files import write_hotline, write_ticket_ledger

CASE_TOML = """# 模拟数据：地名、人名和数字均属虚构 / simulated data: places, persons and numbers are invented

[case]
id = "{id}"
name_zh = "{place}（模拟数据）"
name_en = "{place_en}"
level = "{level}"
province = "{province}"
city = "{city}"
fictional = true

[roster]
file = "{roster}"

[rollout]
file = "{rollout}"
{data}
[analysis]
months = [{months}]
seed = {seed}
"""
DATA = """
[[data]]
kind = "{kind}"
files = [{files}]
{choices}"""
#: What a person would decide about the faults that are in the files.
DECISIONS: Mapping[str, str] = {
    "tickets": 'rules = { end_before_start = "clear", duplicate_id = "keep_first" }\n',
    "signins": 'rules = { impossible_age = "clear", months_without_rows = "zero" }\n',
    "bookings": 'rules = { end_before_start = "drop", unreadable = "drop", months_without_rows = "zero" }\n',
    "counters": 'rules = { months_without_rows = "zero" }\n',
}
OWN_TABLES = ("roster", "rollout")  #: registers that case.toml names in tables of their own


def write_case(
    logs: SimulatedLogs, folder: str | Path, *, case_id: str | None = None, encoding: str = "gb18030", by: str = "month", seed: int = 0,
    decided: bool = True, left_out: Collection[str] = (), surveys: str = "",
) -> Mapping[str, tuple[WrittenLog, ...]]:
    """Write everything that a partner would send into a folder, and the case.toml that names it.

    Parameters
    ----------
    folder
        The case folder; its name is the id of the case where none is given.
    encoding
        Of the hotline's CSV.
    by
        Sheets of the books of sign-ins: "month" or "activity".
    seed
        Of [analysis] in case.toml.
    decided
        Whether case.toml says what becomes of the faults that are in the files; otherwise a person has to.
    left_out
        Kinds of logs and registers that nobody sends.
    surveys
        The tables [[data]] of surveys, as they are to stand in case.toml.

    Returns
    -------
    mapping
        Files by kind. The truth is not among them: `SimulatedLogs.write_truth` puts it elsewhere.

    Raises
    ------
    SchemaError
        Another encoding or another division of the books (CR-M01).
    """
    folder = Path(folder)
    writers: dict[str, Callable[[], tuple[WrittenLog, ...]]] = {
        "tickets": lambda: (write_hotline(logs, folder, encoding=encoding), write_ticket_ledger(logs, folder)),
        "signins": lambda: write_signin_books(logs, folder, by=by),
        "bookings": lambda: (write_room_book(logs, folder),),
        "counters": lambda: (write_counters(logs, folder),),
    }
    written = {kind: write() for kind, write in writers.items() if kind not in left_out}
    written |= {kind: (write_register(logs, kind, folder),) for kind in REGISTER_FILES if kind not in left_out}
    choices = {kind: DECISIONS.get(kind, "") if decided else "" for kind in written}
    if "tickets" in written:
        choices["tickets"] += f"extracted_on = {logs.extract_at:%Y-%m-%d}\n"
    named = {kind: _names(files) for kind, files in written.items() if kind not in OWN_TABLES}
    data = "".join(DATA.format(kind=kind, files=files, choices=choices[kind]) for kind, files in named.items())
    names = logs.spec.names
    text = CASE_TOML.format(
        id=folder.name if case_id is None else case_id, place=names.place, place_en=names.place_en, level=names.level, province=names.province,
        city=names.city, roster=REGISTER_FILES["roster"], rollout=REGISTER_FILES["rollout"], data=data + surveys, months=", ".join(json.dumps(month) for month in logs.months), seed=seed,
    )
    write_whole(folder / "case.toml", text)
    return written


def _names(files: Sequence[WrittenLog]) -> str:
    return ", ".join(json.dumps(file.path.name, ensure_ascii=False) for file in files)


def simulate_pilot(spec: LogSpec | None, folder: str | Path, *, seed: int) -> Truth:
    """Simulate a fictional pilot and write its case folder.

    Parameters
    ----------
    spec
        What to simulate; None for 12 communities and 30 months.
    folder
        The case folder; its name becomes the id of the case.
    seed
        Of everything random.

    Returns
    -------
    Truth
        What is true: effects, expected values, numerators and denominators, breaks, dirt. It is not written into the folder.

    Raises
    ------
    SchemaError
        Settings that cannot be: all together (CR-M01).
    """
    logs = simulate_logs(spec, rng=seed)
    write_case(logs, folder, seed=seed)
    return logs.truth
