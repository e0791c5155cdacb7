"""responses.csv: what issuers were asked about their figures and what they replied, to be shown beside the verdicts."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from commresearch.cleaning.masking import mask_text
from commresearch.comparison.claim_parser_names import without_names
from commresearch.errors import Failure, SchemaError
from commresearch.sources.tables import FIRST_ROW, read_table, sheet_names

COLUMNS = ("claim_id", "asked_on", "question", "reply", "replied_on", "reply_source")
ANSWER = ("reply", "replied_on", "reply_source")  #: filled together, or all blank while no reply has come
SHOWN = ("question", "reply", "reply_source")  #: texts that are published
Place = Mapping[str, object]


def read_responses(path: str | Path, claims: pd.DataFrame) -> pd.DataFrame:
    """Questions to issuers and their replies.

    Parameters
    ----------
    path : path
        .csv (UTF-8, GB18030), .xlsx or .xls with the columns claim_id, asked_on, question, reply, replied_on, reply_source; dates are written
        2025-08-31. While no reply has come the last three are blank. A claim may stand in several rows.
    claims : DataFrame
        The claims that may be asked about (`load_published`, `read_claims_file`).

    Returns
    -------
    DataFrame
        The six columns as text, in the order of the file, and `masked`, the number of identifiers of persons (names that a word introduces, numbers of telephones
        and identity cards, addresses, …) that a token stands for in the texts of the row.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns are missing or unknown, there is no row, a claim is not known, a date is none or the reply is older than the question, or
        a reply lacks its date or source: all faults at once.
    """
    path = Path(path)
    text = read_table(path)
    names = sheet_names(path)
    place = {"file": path.name, "sheet": names[0] if names else ""}
    if failures := list(_check_heads(text, place)):
        raise SchemaError(*failures)
    text = text.apply(lambda column: column.fillna("").str.strip())
    text.index = text.index + FIRST_ROW
    text = text.loc[(text != "").any(axis=1), list(COLUMNS)]
    if text.empty:
        raise SchemaError(Failure(code="CR-H10", values=place))
    known = set(claims["claim_id"])
    failures = [f for row, cells in text.to_dict("index").items() for f in _check_row({str(k): v for k, v in cells.items()}, {**place, "row": row}, known)]
    if failures:
        raise SchemaError(*failures)
    return _masked(text.reset_index(drop=True))


def _check_heads(text: pd.DataFrame, place: Place) -> Iterator[Failure]:
    got = [str(c) for c in text.columns]
    for column in (c for c in COLUMNS if c not in got):
        yield Failure(code="CR-H06", values={**place, "column": column, "expected": ", ".join(COLUMNS)})
    for column in dict.fromkeys(c for c in got if c not in COLUMNS):
        yield Failure(code="CR-H07", values={**place, "got": column, "nearest": "", "allowed": ", ".join(COLUMNS)})
    for column in dict.fromkeys(c for c in got if got.count(c) > 1 and c in COLUMNS):
        yield Failure(code="CR-H08", values={**place, "got": column})


def _check_row(cells: Mapping[str, str], here: Place, known: set[str]) -> Iterator[Failure]:
    if cells["claim_id"] not in known:
        yield Failure(code="CR-H24", values={**here, "column": "claim_id", "got": cells["claim_id"]})
    if not cells["question"]:
        yield Failure(code="CR-H25", values={**here, "column": "question"})
    for column in ("asked_on", "replied_on"):
        if (cells[column] or column == "asked_on") and _day(cells[column]) is None:
            yield Failure(code="CR-H26", values={**here, "column": column, "got": cells[column]})
    asked, replied = _day(cells["asked_on"]), _day(cells["replied_on"])
    if asked is not None and replied is not None and replied < asked:
        yield Failure(code="CR-H27", values={**here, "column": "replied_on", "got": cells["replied_on"], "asked": cells["asked_on"]})
    blank = [column for column in ANSWER if not cells[column]]
    if blank and len(blank) < len(ANSWER):
        yield Failure(code="CR-H28", values={**here, "column": ", ".join(blank)})


def _day(text: str) -> date | None:
    """A whole date; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == len("2025-08-31") else None
    except ValueError:
        return None


def _masked(text: pd.DataFrame) -> pd.DataFrame:
    """Tokens in place of identifiers, and how many of them stand in each row."""
    text = text.assign(masked=0)
    for column in SHOWN:
        masked, found = mask_text(text[column])
        counted = found.groupby("row")["n"].sum().reindex(text.index, fill_value=0)
        named = pd.Series(without_names(masked.tolist()), index=text.index, dtype="str")
        text["masked"] += counted + (named.str.count("〔") - masked.str.count("〔"))
        text[column] = named
    return text
