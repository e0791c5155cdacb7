"""What to say of a file that is no register of the kind asked for, or one with a column too few or too many."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.errors import Failure
from commresearch.sources.event_headers import HeaderMatch, Vocabulary, ambiguous_fields, missing_fields
from commresearch.sources.sheet import Sheet

SHOWN_HEADERS = 12


def column_failures(path: Path, sheet: Sheet, matches: Sequence[HeaderMatch], vocabulary: Vocabulary) -> list[Failure]:
    """Ambiguous and missing fields of one table."""
    where = {"file": sheet.place(path.name)}
    words = {field.name: [w for rank in field.ranks for w in rank] for field in vocabulary.fields}
    failures = [
        Failure(code="CR-E03", values=where | {"column": field, "got": ", ".join(headers)})
        for field, headers in ambiguous_fields(matches, vocabulary).items()
    ]
    for fields in missing_fields(matches, vocabulary):
        if not set(fields) & set(ambiguous_fields(matches, vocabulary)):
            known = ", ".join(dict.fromkeys(word for f in fields for word in words.get(f, [f])[:4]))
            got = ", ".join(match.header for match in matches[:SHOWN_HEADERS])
            failures.append(Failure(code="CR-E04", values=where | {"column": " / ".join(fields), "known": known, "got": got}))
    return failures


def no_table(path: Path, sheets: Sequence[Sheet], vocabulary: Vocabulary) -> Failure:
    """A file in which no row holds headers that are known: what stands in the fullest of its first rows."""
    tops = [(int(sheet.filled[row].sum()), sheet.texts(row, range(len(sheet.columns)))) for sheet in sheets for row in range(min(10, sheet.n_rows))]
    got = max(tops, key=lambda top: top[0], default=(0, []))[1]
    words = [field.ranks[0][0].removeprefix("!") for field in vocabulary.fields]
    values = {
        "file": path.name, "kind": vocabulary.kind, "got": ", ".join(text for text in got if text.strip())[:200], "known": ", ".join(words),
    }
    return Failure(code="CR-E05", values=values)
