"""What to say of a file that is no register of the kind asked for, or one with a column too few or too many."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from commresearch.errors import Failure
from commresearch.sources.column_rules import masked
from commresearch.sources.event_headers import HeaderMatch, Vocabulary, ambiguous_fields, missing_fields, plain_header
from commresearch.sources.event_parquet import is_parquet
from commresearch.sources.event_titles import Said
from commresearch.sources.sheet import Sheet

SHOWN_HEADERS = 12


def column_failures(
    path: Path, sheet: Sheet, matches: Sequence[HeaderMatch], vocabulary: Vocabulary, *, mapping: Mapping[str, str] | None = None, lost: Sequence[str] = (),
    given: Collection[str] = (),
) -> list[Failure]:
    """Ambiguous and missing fields of one table, and what a mapping names in vain.

    `lost` are headers of columns that lost all their digits, `given` fields of which the title says something.
    """
    where = {"file": sheet.place(path.name)}
    words = {field.name: [w for rank in field.ranks for w in rank] for field in vocabulary.fields}
    failures = [
        Failure(code="CR-E03", values=where | {"column": field, "got": ", ".join(headers)})
        for field, headers in ambiguous_fields(matches, vocabulary).items()
    ]
    failures += [Failure(code="CR-E20", values=where | {"column": header}) for header in lost]
    for fields in missing_fields(matches, vocabulary, given):
        if not set(fields) & set(ambiguous_fields(matches, vocabulary)):
            known = ", ".join(dict.fromkeys(word for f in fields for word in words.get(f, [f])[:4]))
            got = ", ".join(match.header for match in matches[:SHOWN_HEADERS])
            column = f"{words.get(fields[0], fields)[0].removeprefix('!')} ({' / '.join(fields)})"
            has_title = bool(set(fields) & set(vocabulary.dated)) and not is_parquet(path)  # nothing stands above its columns
            title = words[vocabulary.dated[0]][-1] if has_title else ""
            failures.append(Failure(code="CR-E04", values=where | {"column": column, "known": known, "got": got, "title": title}))
    return failures + (unknown_headers(where["file"], [match.header for match in matches], mapping) if failures else [])


def title_failures(path: Path, sheet: Sheet, doubtful: Mapping[str, Sequence[Said]], vocabulary: Vocabulary) -> list[Failure]:
    """Fields of which the title of a table says several things, so that nobody can tell which of them its rows are."""
    words = {field.name: field.ranks[0][0] for field in vocabulary.fields}
    return [
        Failure(code="CR-E24", values={
            "file": sheet.place(path.name), "column": f"{words[name]} ({name})", "header": words[name],
            "row": ", ".join(dict.fromkeys(str(one.row + 1) if one.row >= 0 else "—" for one in said)),
            "got": "; ".join(masked(f"{one.label}：{one.text}" if one.label else one.text) for one in said),
        })
        for name, said in doubtful.items()
    ]


def unknown_headers(file: str, headers: Sequence[str], mapping: Mapping[str, str] | None) -> list[Failure]:
    """Headers of a mapping that a file does not have, each with those that it has and the nearest of them."""
    there = {plain_header(header) for header in headers}
    known = list(dict.fromkeys(headers))
    return [
        Failure(code="CR-E21", values={
            "header": header, "file": file, "known": ", ".join(known[:SHOWN_HEADERS]), "near": ", ".join(get_close_matches(header, known, n=2, cutoff=0.3)) or "—",
        })
        for header in mapping or {} if plain_header(header) not in there
    ]


def no_table(path: Path, sheets: Sequence[Sheet], vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> list[Failure]:
    """A file in which no row holds headers that are known: what stands in the fullest of its first rows, and what a mapping names in vain."""
    tops = [(int(sheet.filled[row].sum()), sheet.texts(row, range(len(sheet.columns)))) for sheet in sheets for row in range(min(10, sheet.n_rows))]
    got = max(tops, key=lambda top: top[0], default=(0, []))[1]
    words = [field.ranks[0][0].removeprefix("!") for field in vocabulary.fields]
    values = {
        "file": path.name, "kind": vocabulary.kind, "got": ", ".join(text for text in got if text.strip())[:200], "known": ", ".join(words),
    }
    return [Failure(code="CR-E05", values=values), *unknown_headers(path.name, [text for text in got if text.strip()], mapping)]
