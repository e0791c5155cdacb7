"""Spans in texts: texts as recognisers read them, a column as one text, and overlapping spans."""

import re
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DIVIDER = "\0"  #: between joined texts; no pattern may match it (`\s` does not)
_BLANKS = (0x09, 0x0B, 0x0C, 0xA0, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0x3000, 0xFEFF)
_DASHES = (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE58, 0xFE63)
_PLAIN = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | dict.fromkeys(_BLANKS, 0x20) | dict.fromkeys(_DASHES, 0x2D)
_NOT_PLAIN = re.compile(f"[{re.escape(''.join(map(chr, _PLAIN)))}]")
_NOT_PLAIN_ASCII = re.compile("[\t\v\f]")
_LONG = 300  #: characters from which on a look-up by array is faster than one by dictionary


class Span(NamedTuple):
    """Where an identifier stands in a text, and its class (a value of `terms.Identifier`)."""

    start: int
    end: int
    identifier: str


def plain_text(text: str) -> str:
    """The text as recognisers read it, character by character, so that positions stay.

    Full-width letters, digits and signs become half-width, dashes one dash, and blanks and invisible characters (which come
    along when numbers are pasted from a telephone) spaces.
    """
    if text.isascii():
        return text.translate(_PLAIN) if _NOT_PLAIN_ASCII.search(text) else text
    if len(text) < _LONG:
        return text.translate(_PLAIN) if _NOT_PLAIN.search(text) else text
    points = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype=np.uint32)
    return _plain_points()[points].tobytes().decode("utf-32-le", errors="surrogatepass")


def plain_texts(texts: Sequence[str]) -> list[str]:
    """Many texts as recognisers read them; much faster than one by one."""
    plain = plain_text(DIVIDER.join(texts)).split(DIVIDER)
    return plain if len(plain) == len(texts) else [plain_text(t) for t in texts]


@cache
def _plain_points() -> NDArray[np.uint32]:
    points = np.arange(0x110000, dtype=np.uint32)
    points[list(_PLAIN)] = list(_PLAIN.values())
    return points


def merged_spans(spans: Sequence[Span], precedence: Sequence[str]) -> list[Span]:
    """Spans in order, overlapping ones united under the class that comes first in `precedence`."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            first = min(last.identifier, span.identifier, key=precedence.index)
            merged.append(Span(last.start, max(last.end, span.end), first))
        else:
            merged.append(span)
    return merged


def is_whole(text: str, spans: Sequence[Span]) -> bool:
    """Whether nothing but signs and blanks is left of a text without its spans."""
    if len(spans) == 1 and spans[0].start == 0 and spans[0].end == len(text):
        return True
    edges = [0, *(e for s in spans for e in (s.start, s.end)), len(text)]
    rest = "".join(text[a:b] for a, b in list(pairwise(edges))[::2])
    return not any(c.isalnum() for c in rest)


class JoinedTexts:
    """Distinct texts of a column as one text, and the way back.

    A pattern runs once over `plain` and not once per cell. `codes` says for each cell which of the distinct `texts` it holds.
    """

    def __init__(self, texts: pd.Series) -> None:
        codes, uniques = pd.factorize(texts.fillna(""))
        self.codes: NDArray[np.intp] = codes
        self.texts = [str(u).replace(DIVIDER, " ") for u in uniques.tolist()]

    @cached_property
    def plain(self) -> str:
        """All distinct texts as recognisers read them."""
        return plain_text(DIVIDER.join(self.texts))

    @cached_property
    def plains(self) -> list[str]:
        """Each distinct text as recognisers read it."""
        return self.plain.split(DIVIDER) if self.texts else []

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        lengths = np.fromiter(map(len, self.texts), dtype=np.int64, count=len(self.texts))
        return np.cumsum(lengths + 1) - lengths - 1

    def by_text(self, spans: Sequence[Span]) -> dict[int, list[Span]]:
        """Spans of `plain` by position of the distinct text, counted from the start of that text."""
        found: dict[int, list[Span]] = {}
        where = np.searchsorted(self._starts, [s.start for s in spans], side="right") - 1
        for text, span in zip(where.tolist(), spans, strict=True):
            start = int(self._starts[text])
            found.setdefault(text, []).append(Span(span.start - start, span.end - start, span.identifier))
        return found
