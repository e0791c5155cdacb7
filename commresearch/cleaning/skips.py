"""Questions that a person should not have been asked: recomputed from the codebook, compared with what the file says."""

from collections.abc import Collection, Mapping, MutableMapping

import numpy as np
import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.missing import CODE, NONE, KindCodes
from commresearch.records import join_logs, log_lines
from commresearch.terms import MissingKind

BLANK, SKIPPED = CODE[MissingKind.BLANK], CODE[MissingKind.SKIPPED]


def has_conditions(codebook: Codebook, columns: Collection[str]) -> bool:
    """Whether the codebook says of any question in the table whom it is asked of; otherwise nothing can contradict it."""
    return any(v.asked_if is not None and any(c in columns for c in v.columns) for v in codebook)


def recompute_skips(
    codebook: Codebook, frame: pd.DataFrame, kinds: MutableMapping[str, KindCodes], place: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put blanks that follow from the questionnaire among the skipped; return rows that contradict it, and the log.

    Parameters
    ----------
    codebook, frame
        The codebook and the typed table.
    kinds
        Code of the kind of missing per column; changed in place where a blank is an expected skip.
    place
        `file` and `sheet` for the log.

    Returns
    -------
    DataFrame
        Indexed by row_id: `answered_though_skipped` and `skipped_though_asked`, the number of such questions in the row.
    DataFrame
        Log lines. Answers are never removed: which of the two answers is wrong is for a person to say.
    """
    answered, unanswered = (np.zeros(len(frame), dtype=np.int64) for _ in range(2))
    logs = []
    for variable in codebook:
        if variable.asked_if is None or not (columns := [c for c in variable.columns if c in kinds]):
            continue
        asked, not_asked = variable.asked_if.holds(frame, {p.column: kinds[p.column] == SKIPPED for p in variable.asked_if.parts if p.column in kinds})
        codes = np.array([kinds[c] for c in columns])
        for column in [*columns, *([variable.other] if variable.other in kinds else [])]:
            blank = not_asked & (kinds[column] == BLANK)
            kinds[column] = np.where(blank, SKIPPED, kinds[column]).astype(np.int8)
        blank = not_asked & (codes == BLANK).all(axis=0)
        given = not_asked & (codes == NONE).any(axis=0)
        left_out = asked & (codes == SKIPPED).all(axis=0)
        for rule, rows, old, new in (
            ("skip_recomputed", blank, "<blank>", "<skipped>"), ("answered_though_skipped", given, "", ""), ("skipped_though_asked", left_out, "", ""),
        ):
            if rows.any():
                logs.append(log_lines(step="skips", rule=rule, **place, row_id=frame.index[rows], variable=variable.name, old=old, new=new))
        answered += given
        unanswered += left_out
    flags = pd.DataFrame({"answered_though_skipped": answered, "skipped_though_asked": unanswered}, index=frame.index)
    return flags, join_logs(logs)

