"""A program of its own that reads one .sav or .dta: the content comes in, what was read goes out, pickled.

The readers are written in C and some damaged files kill the process they work in. Run by its path, with nothing of this package
loaded, it begins to read after a fifth of a second.
"""

import datetime as dt
import io
import json
import pickle
import sys
from collections.abc import Sequence
from typing import Any

BEGINS = dt.datetime(1582, 10, 14)  # noqa: DTZ001 - SPSS knows no zones
#: formats of SPSS, without their widths, and what their numbers are
MOMENTS = dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE"), "date") | dict.fromkeys(("DATETIME", "YMDHMS"), "datetime") | dict.fromkeys(("TIME", "DTIME"), "time")


def answer_to(data: bytes, form: str, encodings: Sequence[str | None]) -> tuple[str, Any]:
    """("read", (what the reader says of encodings that it refuses, columns and metadata of the first one it takes, else None)).

    ("error", what was raised) where it is no fault of the file.
    """
    refused = []
    try:
        from pyreadstat import PyreadstatError, ReadstatError, read_dta, read_sav

        read = read_dta if form == "dta" else read_sav
        for encoding in encodings:
            try:
                try:
                    columns, meta = read(io.BytesIO(data), encoding=encoding, user_missing=True, output_format="dict")
                except OverflowError:
                    if form != "sav":
                        raise
                    columns, meta = _with_endless_ranges(data, encoding)
                if form == "sav":
                    _keep_codes(columns, meta, data, encoding)
            except (ReadstatError, PyreadstatError, UnicodeDecodeError, ValueError, OverflowError) as error:
                refused.append(str(error))
            else:
                return "read", (refused, (columns, vars(meta)))  # plain values: who gets them has no need to load the reader
    except Exception as error:  # noqa: BLE001 - raised again by the process that asked
        return "error", error
    return "read", (refused, None)


def _with_endless_ranges(data: bytes, encoding: str | None) -> tuple[dict[str, Any], Any]:
    """A file whose dates have user-missing values that are no moments (LO thru 0): these variables are read as numbers, and what is not missing made a moment."""
    from pyreadstat import read_sav

    options = {"encoding": encoding, "user_missing": True, "output_format": "dict"}
    numbers, plain = read_sav(io.BytesIO(data), disable_datetime_conversion=True, **options)
    dated = {name: kind for name in plain.missing_ranges if (kind := MOMENTS.get(plain.original_variable_types[name].rstrip("0123456789.")))}
    others = [name for name in numbers if name not in dated]
    columns = read_sav(io.BytesIO(data), usecols=others, **options)[0] if others else {}
    read = {n: [_moment(v, dated[n], plain.missing_ranges[n]) for v in numbers[n]] if n in dated else columns[n] for n in numbers}
    return read, plain


def _moment(value: float | None, kind: str, missing: Sequence[dict[str, float]]) -> Any:
    """A number of seconds as date, time or both; as it is where it means missing."""
    if value is None or any(area["lo"] <= value <= area["hi"] for area in missing):
        return value
    moment = BEGINS + dt.timedelta(seconds=value)
    return moment.date() if kind == "date" else moment.time() if kind == "time" else moment


def _keep_codes(columns: dict[str, Any], meta: Any, data: bytes, encoding: str | None) -> None:
    """User-missing values of dates as the numbers that they are: as moments they would look like days of the year 1582."""
    from pyreadstat import read_sav

    dated = [name for name, ranges in meta.missing_ranges.items() if any(isinstance(r["lo"], dt.date | dt.time) for r in ranges)]
    if not dated:
        return
    numbers, plain = read_sav(
        io.BytesIO(data), encoding=encoding, user_missing=True, output_format="dict", usecols=dated, disable_datetime_conversion=True,
    )
    for name in dated:
        ranges = plain.missing_ranges[name]
        pairs = zip(columns[name], numbers[name], strict=True)
        columns[name] = [float(n) if n is not None and any(r["lo"] <= n <= r["hi"] for r in ranges) else value for value, n in pairs]
        meta.missing_ranges[name] = ranges


if __name__ == "__main__":
    # The other process may have found its libraries at places that this one would not look at.
    sys.path[:] = json.loads(sys.argv[1])
    answer = answer_to(sys.stdin.buffer.read(), sys.argv[2], json.loads(sys.argv[3]))
    pickle.dump(answer, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
