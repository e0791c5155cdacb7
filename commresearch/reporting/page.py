"""What every report page has: a ledger, its audit, a language, and the words of that language."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.cases.claim import Claim
from commresearch.terms import Language
from commresearch.words import say


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A report being written: the ledger, the claims it is about (without repeats), their audit and the language."""

    published: Published
    claims: list[Claim]
    audit: pd.DataFrame
    language: Language

    def say(self, key: str, **values: object) -> str:
        """A text of the report catalogue."""
        return say(f"reports.{key}", self.language, **values)

    def label(self, key: str) -> str:
        """A label."""
        return say(f"labels.{key}", self.language)

    def join(self, words: Iterable[str]) -> str:
        """A list in a sentence, as the language joins."""
        return self.say("joiner").join(words)

    def header(self, *keys: str) -> list[str]:
        """Column heads."""
        return [self.say(key) for key in keys]


def ledger(published: str | Published) -> Published:
    """A ledger that is open already, or the one in a folder."""
    return published if isinstance(published, Published) else load_published(published)
