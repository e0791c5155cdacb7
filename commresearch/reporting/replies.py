"""Questions that were sent to issuers and their replies, as they stand beside the verdicts on a page."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cases import Published
from commresearch.comparison.responses_file import COLUMNS, read_responses
from commresearch.terms import Language
from commresearch.words import period, say

FILE = "responses.csv"  #: stands in the folder of the ledger once a question has been sent


def replies_of(published: str | Published, claims: pd.DataFrame) -> pd.DataFrame:
    """Questions and replies in the folder of a ledger.

    Parameters
    ----------
    published : str or Published
        The folder; a ledger that is open already has none, and so no replies.
    claims : DataFrame
        The claims of the ledger.

    Returns
    -------
    DataFrame
        As `read_responses`, a repeat of a claim under the claim that it repeats; without rows where there is no such file.

    Raises
    ------
    SourceError, SchemaError
        As `read_responses`.
    """
    path = None if isinstance(published, Published) else Path(published) / FILE
    if path is None or not path.is_file():
        return pd.DataFrame(columns=[*COLUMNS, "masked"])
    replies = read_responses(path, claims)
    first = {str(c): str(r) for c, r in zip(claims["claim_id"], claims["repeat_of"], strict=True) if r}
    return replies.assign(claim_id=[first.get(c, c) for c in replies["claim_id"]])


def question_cell(row: Mapping[Hashable, Any], language: Language) -> str:
    """The question as it was sent, with its date."""
    return say("reports.reply_question", language, question=row["question"], date=_day(row["asked_on"], language))


def reply_cell(row: Mapping[Hashable, Any], language: Language) -> str:
    """The reply with its date and source, or that none has come."""
    if not row["reply"]:
        return say("reports.reply_none", language)
    return say("reports.reply_text", language, reply=row["reply"], date=_day(row["replied_on"], language), source=row["reply_source"])


def _day(date: str, language: Language) -> str:
    return period(date, date, "", "", language)
