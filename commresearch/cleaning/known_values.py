"""Finding known identifiers (names, numbers, accounts of a file) wherever they stand in texts."""

import re
from collections.abc import Iterator, Mapping, Sequence

from commresearch.cleaning.text_spans import Span, plain_texts
from commresearch.terms import Identifier

#: shorter values of letters and digits are no identifiers by themselves
SHORTEST = 4
#: blanks with which names of two and three characters are set to one width
_GAPS = (" ", "  ")
_LONGEST_SPACED = 4
_ASCII_WORD = re.compile(r"[0-9A-Za-z]")


def _first_characters(beginnings: set[str]) -> re.Pattern[str] | None:
    """Where a value may begin, by the first two characters of all: letters and digits only at the beginning of a word."""
    branches = []
    for is_word, before in ((False, ""), (True, "(?<![0-9A-Za-z][{}])")):
        mine = [b for b in beginnings if bool(_ASCII_WORD.match(b)) == is_word]
        first, second = (re.escape("".join(sorted(set(characters)))) for characters in zip(*mine, strict=True)) if mine else ("", "")
        branches += [f"[{first}]{before.format(first)}(?=[{second}])"] if mine else []
    return re.compile("|".join(branches)) if branches else None


def _written(value: str, identifier: str) -> Iterator[str]:
    """The forms in which a value is written: names also with blanks between all their characters, or at one place."""
    yield value
    if identifier == Identifier.NAME and not value.isascii() and " " not in value and len(value) <= _LONGEST_SPACED:
        for gap in _GAPS:
            yield gap.join(value)
            yield from (value[:i] + gap + value[i:] for i in range(1, len(value)))


class KnownValues:
    """A set of exact values to look for; built once, then used on any number of texts.

    Values that begin or end with a letter or digit are found only where no further letter or digit follows on that side.
    Chinese names are found inside running text, with blanks inside them too (郑 爽).
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        plains = zip(map(str.strip, plain_texts(list(values))), values.values(), strict=True)
        classes = {plain: identifier for plain, identifier in plains if len(plain) >= (SHORTEST if plain.isascii() else 2)}
        self._n = len(classes)
        self._classes = {form: identifier for value, identifier in classes.items() for form in _written(value, identifier)} | classes
        lengths: dict[str, set[int]] = {}
        for value in self._classes:
            lengths.setdefault(value[:2], set()).add(len(value))
        self._lengths = {prefix: tuple(sorted(found, reverse=True)) for prefix, found in lengths.items()}
        self._first = _first_characters(set(lengths))

    def __len__(self) -> int:
        return self._n

    def among(self, plains: Sequence[str]) -> dict[int, str]:
        """Plain texts that are known values as a whole: their positions, and the class of each."""
        classes = self._classes
        return {i: classes[text] for i, text in enumerate(map(str.strip, plains)) if text in classes} if classes else {}

    def find(self, plain: str) -> Iterator[Span]:
        """Every known value of a plain text, the longest at each place."""
        if self._first is None:
            return
        lengths, classes = self._lengths, self._classes
        for match in self._first.finditer(plain):
            start = match.start()
            for length in lengths.get(plain[start : start + 2], ()):
                value = plain[start : start + length]
                if value in classes and self._stands_alone(plain, start, start + len(value)):
                    yield Span(start, start + len(value), classes[value])
                    break

    @staticmethod
    def _stands_alone(plain: str, start: int, end: int) -> bool:
        left = start == 0 or not (_ASCII_WORD.match(plain[start]) and _ASCII_WORD.match(plain[start - 1]))
        right = end == len(plain) or not (_ASCII_WORD.match(plain[end - 1]) and _ASCII_WORD.match(plain[end]))
        return left and right
