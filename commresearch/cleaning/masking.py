"""Masking identifiers in free text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from commresearch.cleaning.identifiers import FINDERS, column_identifiers, find_identifiers, id_forms, mistyped_ids, without_codes
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.option_labels import CLOSES, OPENS
from commresearch.cleaning.personal_names import find_announced_names, find_names_beside, find_signing_names, words_like_names
from commresearch.cleaning.text_spans import JoinedTexts, Span, merged_spans
from commresearch.terms import Identifier, Role

#: what stands in the data in place of an identifier, in both languages of the reports
TOKENS: Mapping[str, str] = {
    Identifier.NAME: "〔姓名〕", Identifier.NATIONAL_ID: "〔身份证号〕", Identifier.MOBILE: "〔手机号〕", Identifier.LANDLINE: "〔座机号〕",
    Identifier.ADDRESS: "〔住址〕", Identifier.WECHAT: "〔微信号〕", Identifier.IP: "〔IP地址〕", Identifier.PLATE: "〔车牌号〕",
    Identifier.EMAIL: "〔邮箱〕", Identifier.BANK_CARD: "〔银行卡号〕", Role.BIRTH: "〔出生日期〕",
}
PRECEDENCE = (*FINDERS, Identifier.NAME)
MOST_SEEN = 200_000  #: texts


class _Scan(NamedTuple):
    """What one text holds before its column is judged: identifiers, names and known values, numbers in the form of an ID and whether they pass."""

    identifiers: list[Span]
    named: list[Span]
    forms: list[tuple[Span, bool]]


class SeenTexts:
    """What distinct texts hold, remembered while a column comes in pieces: places and topics come again in every one of them.

    What is judged by all texts of a column (codes that look like identifiers) is judged by those of the piece, as without it.
    """

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._scans: dict[str, _Scan | None] = {}

    def spans(self, joined: JoinedTexts, names: Iterable[str]) -> dict[int, list[Span]]:
        """What has to be masked, by position of the distinct text; `names` are known from the same file."""
        if self._names != (given := frozenset(names)) or len(self._scans) > MOST_SEEN:
            self._names, self._scans = given, {}
        if new := [text for text in joined.texts if text not in self._scans]:
            self._scans |= _scans(new, _known_names(given))
        found = {i: scan for i, text in enumerate(joined.texts) if (scan := self._scans[text]) is not None}
        identifiers = without_codes(joined.texts, {i: scan.identifiers for i, scan in found.items() if scan.identifiers})
        mistyped = mistyped_ids({i: scan.forms for i, scan in found.items()})
        return _together(joined, identifiers, {i: scan.named for i, scan in found.items() if scan.named}, mistyped)


def _scans(texts: Sequence[str], known: KnownValues) -> dict[str, _Scan | None]:
    """What each of some distinct texts holds; None for nothing."""
    joined = JoinedTexts(pd.Series(texts, dtype="str"))
    identifiers, forms = joined.by_text(find_identifiers(joined.plain)), id_forms(joined)
    named = joined.by_text(_names_in(joined, known))
    found = identifiers.keys() | forms.keys() | named.keys()
    return {text: _Scan(identifiers.get(i, []), named.get(i, []), forms.get(i, [])) if i in found else None for i, text in enumerate(joined.texts)}


def mask_text(
    texts: pd.Series, names: Iterable[str] = (), *, seen: SeenTexts | None = None, kept: frozenset[Identifier] = frozenset()
) -> tuple[pd.Series, pd.DataFrame]:
    """Free text with a token in place of every identifier found.

    Parameters
    ----------
    texts : Series of str
        Free text; missing cells are taken as blank.
    names : iterable of str
        Names known from the same file; masked wherever they occur, but for those that are also everyday words.
    seen : SeenTexts, optional
        Texts of earlier pieces of the same file, which are not searched again.
    kept : frozenset of Identifier, optional
        Classes that may stay: addresses, where a column names public rooms.

    Returns
    -------
    (Series, DataFrame)
        The masked texts, and what was found: row (label of `texts.index`), identifier, n.

    Notes
    -----
    A name that is neither known nor announced by a word (我叫…, 联系人：…) nor beside a number is not found.
    """
    joined = JoinedTexts(texts)
    found = (seen or SeenTexts()).spans(joined, names)
    if kept:
        found = {position: left for position, spans in found.items() if (left := [span for span in spans if span.identifier not in kept])}
    return masked(texts, joined, found), counts(texts.index, joined, found)


def mask_log(log: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """The cleaning log with identifiers masked wherever a cell is quoted or a person wrote or signed (old, new, reason).

    Parameters
    ----------
    log : DataFrame
        Lines with `old`, `new` and `reason`.
    known : mapping
        Identifier → class (`Gate.known`); masked wherever they occur, but for names that are also everyday words.
    """
    finder = KnownValues({value: identifier for value, identifier in known.items() if value not in words_like_names()})
    texts = {column: JoinedTexts(log[column]) for column in ("old", "new", "reason")}
    found = {column: column_identifiers(joined) for column, joined in texts.items()}
    for position, spans in texts["reason"].by_text([*find_signing_names(texts["reason"].plain)]).items():
        found["reason"][position] = [*found["reason"].get(position, []), *spans]
    return log.assign(**{c: masked(log[c], joined, with_names(joined, found[c], finder)) for c, joined in texts.items()})


def with_names(joined: JoinedTexts, found: Mapping[int, list[Span]], known: KnownValues) -> dict[int, list[Span]]:
    """The spans of distinct texts, and those of names in running text, of known values and of mistyped ID numbers."""
    return _together(joined, found, joined.by_text(_names_in(joined, known)), mistyped_ids(id_forms(joined)))


def with_known(joined: JoinedTexts, found: Mapping[int, list[Span]], known: KnownValues, *, beside_options: bool = False) -> dict[int, list[Span]]:
    """The spans of distinct texts, and those of known values, overlapping ones united; with `beside_options` only what is written in 其他〖…〗."""
    more = joined.by_text([*known.find(joined.plain)])
    if beside_options:
        more = {i: [s for s in spans if _is_fill(joined.plains[i], s.start)] for i, spans in more.items()}
    return {**found, **{i: merged_spans([*found.get(i, []), *spans], PRECEDENCE) for i, spans in more.items() if spans}}


def _is_fill(plain: str, position: int) -> bool:
    """Whether a place in the options of a cell stands in brackets that are open there."""
    return plain.count(OPENS, 0, position) > plain.count(CLOSES, 0, position)


def _known_names(names: Iterable[str]) -> KnownValues:
    return KnownValues({name: Identifier.NAME for name in names if name not in words_like_names()})


def _names_in(joined: JoinedTexts, known: KnownValues) -> list[Span]:
    return [*find_announced_names(joined.plain), *known.find(joined.plain)]


def _together(
    joined: JoinedTexts, found: Mapping[int, list[Span]], named: Mapping[int, list[Span]], mistyped: Mapping[int, list[Span]],
) -> dict[int, list[Span]]:
    """All spans of distinct texts in order, with names that stand beside one of them, overlapping ones united."""
    together: dict[int, list[Span]] = {}
    for position in sorted(found.keys() | named.keys() | mistyped.keys()):
        spans = [*found.get(position, []), *mistyped.get(position, [])]
        beside = find_names_beside(joined.plains[position], spans)
        together[position] = merged_spans([*spans, *named.get(position, []), *beside], PRECEDENCE)
    return together


def masked(texts: pd.Series, joined: JoinedTexts, found: Mapping[int, Sequence[Span]]) -> pd.Series:
    """The column with tokens in place of spans."""
    distinct = list(joined.texts)
    for position, spans in found.items():
        distinct[position] = "".join(_pieces(distinct[position], spans))
    return pd.Series(pd.array(distinct, dtype="str").take(joined.codes), index=texts.index, name=texts.name)


def _pieces(text: str, spans: Sequence[Span]) -> Iterator[str]:
    end = 0
    for span in spans:
        yield text[end : span.start]
        yield TOKENS[span.identifier]
        end = span.end
    yield text[end:]


def counts(index: pd.Index, joined: JoinedTexts, found: Mapping[int, Sequence[Span]]) -> pd.DataFrame:
    """Identifiers found per row and class, in the order of the rows: row, identifier, n."""
    classes = [(position, span.identifier) for position, spans in found.items() for span in spans]
    if not classes:
        return pd.DataFrame({"row": index[:0], "identifier": pd.array([], dtype="str"), "n": np.zeros(0, dtype=np.int64)})
    each = pd.DataFrame(classes, columns=["text", "identifier"])
    per_text = each.groupby(["text", "identifier"], sort=False).size().reset_index(name="n")
    holds = np.zeros(len(joined.texts), dtype=bool)
    holds[per_text["text"].to_numpy(dtype=np.int64)] = True
    rows = np.flatnonzero(holds[joined.codes])
    cells = pd.DataFrame({"text": joined.codes[rows], "row": index[rows]})
    merged = cells.merge(per_text, on="text", how="inner").sort_values("row", kind="stable")
    return merged[["row", "identifier", "n"]].reset_index(drop=True)
