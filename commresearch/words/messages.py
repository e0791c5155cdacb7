"""Errors as their reader sees them."""

from collections.abc import Mapping

from commresearch.errors import CommResearchError, Failure
from commresearch.terms import Language
from commresearch.words.catalogue import say

SHOWN = 10


def render_error(error: CommResearchError, language: Language | str) -> str:
    """All failures of one error, one line each: at most ten, then how many more there are."""
    language = Language(language)
    lines = [render_failure(f, language) for f in error.failures[:SHOWN]]
    if (hidden := len(error.failures) - SHOWN) > 0:
        lines.append(say("errors.more", language, hidden=hidden, total=len(error.failures)))
    return "\n".join(lines)


def render_failure(failure: Failure, language: Language) -> str:
    """One failure with its code: where, what was found, what is allowed, what to do.

    A value that is itself a pair of texts (zh, en) is put in the language asked for.
    """
    values = {k: v[language.value] if isinstance(v, Mapping) else v for k, v in failure.values.items()}
    return f"[{failure.code}] " + say(f"errors.{failure.code}", language, **values)
