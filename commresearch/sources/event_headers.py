"""Which column of a register holds which field: told by its header, by a mapping that somebody kept, or not at all."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAPPING_COLUMNS = ("file", "sheet", "header", "field", "how")
SERIALS = frozenset({"序号", "编号", "序", "号", "no", "no."})  #: headers of a column that only counts rows, as `plain_header` has them
LEVELS = "—"  #: between the texts of header rows above one another
_ASIDE = re.compile(r"[(\[【{][^)\]】}]*[)\]】}]")
_AROUND = re.compile(r"^(?:\d+[、.)]|[*※])+|[*:]+$")
_SHORTEST_INSIDE = 3  #: characters of a word that may stand inside a longer header


class HeaderMatch(NamedTuple):
    """What one header says: its field ("" for none), whether it asks the contrary, and how that was told.

    how is "mapping", "name" (the field's own name), "header" (a known header), "inside" (a known one inside a longer one),
    "second" (a header of a field that another column holds better), "ambiguous" or "unknown".
    """

    header: str
    field: str
    how: str
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWords:
    """One field and its headers, ranked: a header of an earlier rank is preferred. One that begins with ! asks the contrary."""

    name: str
    ranks: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Fields of a kind of register, in order.

    required
        each entry: fields of which one at least must be there
    context
        field that the title of a table or the name of its sheet gives where no column does; "" where there is none
    titled, dated
        fields that the title of a table may say for all its rows, each with those that say the same; and the fields of days and of moments among them
    key
        fields of which the first that is there is filled in every entry, and blank in a total
    kind
        name of the kind, for messages
    """

    kind: str
    fields: tuple[FieldWords, ...]
    required: tuple[tuple[str, ...], ...] = ()
    context: str = ""
    titled: tuple[tuple[str, ...], ...] = ()
    dated: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(field.name for field in self.fields)

    def words(self) -> dict[str, list[tuple[str, int, bool]]]:
        """Known header → fields, with the rank there and whether it asks the contrary."""
        found: dict[str, list[tuple[str, int, bool]]] = {}
        for field in self.fields:
            found.setdefault(plain_header(field.name), []).append((field.name, 0, False))
            for rank, words in enumerate(field.ranks, 1):
                for word in words:
                    entry = (field.name, rank, word.startswith("!"))
                    found.setdefault(plain_header(word.removeprefix("!")), []).append(entry)
        return found


def header_words(vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Every header that makes a row one of headers, with its field; a header that a mapping names stands for itself."""
    known = {word: found[0][0] for word, found in vocabulary.words().items()}
    return known | {plain_header(header): field or header for header, field in (mapping or {}).items()}


def plain_header(header: str) -> str:
    """A header as it is compared: half width, lower case, without blanks, numbering, asides in brackets and marks around it.

    An underscore is a blank: the name of a field is a header, too (room_code, Room code).
    """
    text = re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", header)).lower()
    return _AROUND.sub("", _ASIDE.sub("", text)) or text


def match_headers(headers: Sequence[str], vocabulary: Vocabulary, mapping: Mapping[str, str] | None = None) -> list[HeaderMatch]:
    """What each header of a table says.

    Parameters
    ----------
    headers
        Headers of one table, each once.
    mapping
        Header → field; "" for a column that is none. It goes before every guess, and a field it names is not guessed again.

    Returns
    -------
    list of HeaderMatch
        One per header, in order. Of several headers of one field the one of the best rank has it; two of that rank are ambiguous.
    """
    given = {plain_header(h): field for h, field in (mapping or {}).items()}
    words = vocabulary.words()
    found: list[list[tuple[str, int, bool, str]]] = []
    taken = {given[plain_header(h)] for h in headers if plain_header(h) in given} - {""}
    for header in headers:
        if (plain := plain_header(header)) in given:
            found.append([])
        else:
            found.append([c for c in _candidates(plain, words) if c[0] not in taken])
    settled = _settle(found)
    matches = []
    for header, candidates, field in zip(headers, found, settled, strict=True):
        if (plain := plain_header(header)) in given:
            matches.append(HeaderMatch(header, given[plain], "mapping", _negated(words, plain, given[plain])))
        elif field is not None:
            matches.append(HeaderMatch(header, field[0], field[3], field[2]))
        else:
            matches.append(HeaderMatch(header, "", _why_none(candidates, settled)))
    return matches


def _negated(words: Mapping[str, list[tuple[str, int, bool]]], plain: str, field: str) -> bool:
    return any(name == field and negated for name, _, negated in words.get(plain, []))


def _candidates(plain: str, words: Mapping[str, list[tuple[str, int, bool]]]) -> list[tuple[str, int, bool, str]]:
    """Fields that a header may mean: field, rank, contrary, how; the whole header before its lowest level, a part of it last."""
    levels = [plain, *reversed(plain.split(LEVELS))] if LEVELS in plain else [plain]
    for level in levels:
        if level in words:
            return [(name, rank, negated, "name" if rank == 0 else "header") for name, rank, negated in words[level]]
    inside = [word for word in words if len(word) >= _SHORTEST_INSIDE and not word.isascii() and word in plain]
    if not inside:
        return []
    longest = max(len(word) for word in inside)
    best = {entry for word in inside if len(word) == longest for entry in words[word]}
    return [(name, rank + 10, negated, "inside") for name, rank, negated in sorted(best)]


def _settle(found: Sequence[Sequence[tuple[str, int, bool, str]]]) -> list[tuple[str, int, bool, str] | None]:
    """The field of each column: best ranks first; a column that loses its field to another may have its next one."""
    settled: list[tuple[str, int, bool, str] | None] = [None] * len(found)
    used: set[str] = set()
    pairs = sorted((c[1], j, c) for j, candidates in enumerate(found) for c in candidates)
    for rank in dict.fromkeys(pair[0] for pair in pairs):
        wanted: dict[str, list[tuple[int, tuple[str, int, bool, str]]]] = {}
        for found_rank, j, candidate in pairs:
            if found_rank == rank and settled[j] is None and candidate[0] not in used:
                wanted.setdefault(candidate[0], []).append((j, candidate))
        for field, claims in wanted.items():
            if len({j for j, _ in claims}) == 1 and settled[claims[0][0]] is None:
                settled[claims[0][0]] = claims[0][1]
            used.add(field)
    return settled


def _why_none(candidates: Sequence[tuple[str, int, bool, str]], settled: Sequence[tuple[str, int, bool, str] | None]) -> str:
    if not candidates:
        return "unknown"
    held = {field[0] for field in settled if field is not None}
    return "second" if all(c[0] in held for c in candidates) else "ambiguous"


def ambiguous_fields(matches: Sequence[HeaderMatch], vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Field → headers of one rank that claim it, where none of them has it."""
    words = vocabulary.words()
    held = {match.field for match in matches if match.field}
    found: dict[str, list[str]] = {}
    for match in matches:
        if match.how == "ambiguous":
            for name, *_ in _candidates(plain_header(match.header), words):
                if name not in held:
                    found.setdefault(name, []).append(match.header)
    return {name: headers for name, headers in found.items() if len(headers) > 1}


def missing_fields(matches: Iterable[HeaderMatch], vocabulary: Vocabulary, given: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Requirements that neither a header meets nor the title of the table; the field of the context is never missing."""
    held = {*given, vocabulary.context, *(match.field for match in matches)} - {""}
    return [fields for fields in vocabulary.required if not held & set(fields)]
