"""What one check found about one claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from commresearch.terms import Language, Verdict
from commresearch.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict and the facts of its sentence.

    `text` names the sentence in the `checks` catalogue; a value that is a `Words`, or a pair of texts by
    language, is put into the report's language.
    """

    claim_id: str
    verdict: Verdict
    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def values_in(self, language: Language) -> dict[str, object]:
        """The sentence's values, with words in the language asked for."""
        return {k: _in_language(v, language) for k, v in self.values.items()}


def _in_language(value: object, language: Language) -> object:
    if isinstance(value, Mapping):
        return value[language]
    return value.put(language) if isinstance(value, Words) else value


@dataclass(frozen=True, slots=True)
class Words:
    """A list of texts by key, joined as the language joins."""

    keys: tuple[str, ...]

    def put(self, language: Language) -> str:
        """The texts in one language."""
        return say("checks.joiner", language).join(say(key, language) for key in self.keys)
