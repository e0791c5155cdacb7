"""Errors as their reader sees them."""

from collections.abc import Mapping, Sequence

from commresearch.errors import CommResearchError, Failure
from commresearch.terms import Language
from commresearch.words.catalogue import say

SHOWN = 30  #: failures that are all written out
EXAMPLES = 5  #: of failures that are summed up
PLACE = ("file", "sheet", "column", "key")  #: failures with one code that agree in these are of one place
ROWS, GOT = ("row", "rows", "row_id"), ("got", "variable", "name", "path")  #: what tells failures of one place apart
#: Parts of a sentence that are said only where there is something to say: the part → the fact that it needs.
CLAUSES = {"in_sheet": "sheet", "in_column": "column", "masked_answers": "rows", "nearest_is": "nearest", "decided_by_rule": "allowed", "numbers_apart": "ledgers", "leads_nowhere": "unfit", "said_by_title": "title"}
NOTHING = ("", "—", None)


def render_error(error: CommResearchError, language: Language | str) -> str:
    """All failures of one error, one line each; where they are more than thirty, those of one kind and place in one line."""
    language = Language(language)
    if len(error.failures) <= SHOWN:
        return "\n".join(render_failure(f, language) for f in error.failures)
    groups: dict[tuple[object, ...], list[Failure]] = {}
    for failure in error.failures:
        groups.setdefault((failure.code, *(str(failure.values.get(name, "")) for name in PLACE)), []).append(failure)
    return "\n".join([*(_summed_up(group, language) for group in groups.values()), say("errors.in_all", language, total=len(error.failures))])


def _summed_up(group: Sequence[Failure], language: Language) -> str:
    """The first failure in full, how many there are like it, and where the next ones stand; all of them where a row or finding lacks."""
    examples = [_told_apart(failure, language) for failure in group[1:]]
    if not examples or not all(examples):
        return "\n".join(render_failure(f, language) for f in group)
    shown = say("errors.comma", language).join(examples[:EXAMPLES])
    return render_failure(group[0], language) + say("errors.same_kind", language, n=len(group), examples=shown)


def _told_apart(failure: Failure, language: Language) -> str:
    """Row and finding of one of several failures."""
    values = _in_language(failure, language)
    row = next((say("errors.at_row", language, row=values[name]) for name in ROWS if values.get(name) not in NOTHING), "")
    got = next((f"“{values[name]}”" for name in GOT if values.get(name) not in NOTHING), "")
    return (" " if language is Language.EN else "").join(filter(None, (row, got)))


def render_failure(failure: Failure, language: Language) -> str:
    """One failure with its code: where, what was found, what is allowed, what to do.

    A value that is itself a pair of texts (zh, en) is put in the language asked for, a tuple is joined as that language joins.
    """
    values = _in_language(failure, language)
    clauses = {c: "" if values.get(name) in NOTHING else say(f"errors.{c}", language, **{name: values[name]}) for c, name in CLAUSES.items()}
    return f"[{failure.code}] " + say(f"errors.{failure.code}", language, **(clauses | values))


def _in_language(failure: Failure, language: Language) -> dict[str, object]:
    return {k: _put(v, language) for k, v in failure.values.items()}


def _put(value: object, language: Language) -> object:
    if isinstance(value, tuple):
        return say("errors.comma", language).join(map(str, value))
    return value[language.value] if isinstance(value, Mapping) else value
