"""Numbers of tickets that several ledgers of a case share: copies of one ticket, or two tickets that nobody could tell apart."""

from collections.abc import Sequence

from commresearch.cleaning.event_checks import place_of
from commresearch.errors import CleaningError, Failure
from commresearch.outcomes import Engine
from commresearch.outcomes.complaints import NUMBERS
from commresearch.outcomes.engine import sql_text
from commresearch.workflow.case_logs import CleanedLog

EXAMPLES = 3  #: shared numbers that a message shows, each with its row in every ledger
DAYS = 7  #: one ticket may be received later by another office; the gap up to which contacts are one case
LEDGERS, SHARED = "ticket_ledgers", "shared_numbers"


def require_numbers_apart(logs: Sequence[CleanedLog], engine: Engine) -> None:
    """Refuse ledgers that gave one number to different tickets: contacts of one number and caller are counted once.

    A number that stands in several ledgers within a few days is one ticket that was handed on, and is folded as duplicates across channels are.
    Each ledger decides by its rule duplicate_id what becomes of its own rows; no rule of one says which of two ledgers is right.

    Raises
    ------
    CleaningError
        Rows of several ledgers share a number and are more than a week apart (CR-E14).
    """
    if len(logs) < 2:
        return
    parts = []
    for place, log in enumerate(logs):
        engine.table(f"ticket_ledger_{place}", log.table)
        parts.append(f"SELECT {place} AS ledger, ticket_id, caller_key, received_at, row_id FROM ticket_ledger_{place}")  # noqa: S608 - names of ours
    engine.view(LEDGERS, " UNION ALL ".join(parts))
    engine.view(SHARED, sql_text("complaints_shared_numbers", numbers=NUMBERS, days=DAYS))
    counted = engine.query(f"SELECT SUM(entries) AS entries, COUNT(*) AS numbers FROM {SHARED}").to_pylist()[0]  # noqa: S608 - a name of ours
    if counted["numbers"]:
        ledgers, examples = _shown(logs, engine)
        values = {"column": "ticket_id", "count": int(counted["entries"]), "examples": "; ".join(examples), "ledgers": ledgers}
        raise CleaningError(Failure(code="CR-E14", values=values))


def _shown(logs: Sequence[CleanedLog], engine: Engine) -> tuple[tuple[str, ...], list[str]]:
    """The ledgers that share numbers, by their files, and the first rows that do."""
    files = {digest[:8]: name for log in logs for name, digest in log.table.provenance["files"].items()}
    found = engine.query(
        f"SELECT t.ledger, t.ticket_id, t.row_id FROM {LEDGERS} t "  # noqa: S608 - names of ours
        f"INNER JOIN (SELECT ticket, first_at FROM {SHARED} ORDER BY first_at, ticket LIMIT {EXAMPLES}) s "
        f"ON cr_bucket(t.ticket_id, {NUMBERS}) = s.ticket ORDER BY s.first_at, s.ticket, t.ledger, t.received_at"
    ).to_pylist()
    named = [" + ".join(logs[place].table.provenance["files"]) for place in sorted({row["ledger"] for row in found})]
    return tuple(named), [f"{place_of(row['row_id'], files)} {row['ticket_id']}" for row in found]
