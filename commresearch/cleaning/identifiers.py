"""Recognisers of direct identifiers in Chinese text.

A recogniser looks at plain text (`text_spans.plain_text`) and yields the spans it finds. It leans towards finding too much: a
masked number is a small loss, a published one is not to be had back. What is only likely by its column (names, house numbers
such as 3-2-501) is judged in `identifier_columns`.

Texts are long (a column, a file), so a pattern begins with a character it cannot do without, and what has to stand before that
character is looked at afterwards: a pattern that begins by looking back is tried at every character. What is found in a text of a
column does not depend on the texts that it is joined with; what a whole column decides (`without_codes`, `mistyped_ids`) comes after.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.doors import Bounds, find_doors
from commresearch.cleaning.national_id import have_form, valid_numbers
from commresearch.cleaning.reference_tables import reference_rows
from commresearch.cleaning.text_spans import JoinedTexts, Span, is_whole, merged_spans, plain_texts
from commresearch.terms import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A plain text, the runs of digits (with signs between them) long enough for a telephone number, and its lower case."""

    text: str
    lower: str
    runs: tuple[tuple[int, int], ...]


Finder: TypeAlias = Callable[[Scanned], Iterator[Bounds]]

#: a plain decimal fraction is no run: files hold thousands of them, and no number of a person is written with one point behind at most ten digits
_RUN = re.compile(r"[0-9](?:[0-9]{0,9}+\.[0-9]{7,}+(?![-_./·() ])|([-0-9_./·() ]{8,}))")
_SIGNS = "-_./·() ".encode()
_DIGITS_OF_MOBILE = 11
#: the only character whose lower case is two, which would move all positions behind it, and one that stands for it
_DOTTED_I, _DOTLESS_I = "\u0130", "\u0131"


def scanned(plain: str) -> Scanned:
    """A plain text made ready for the recognisers."""
    runs = tuple(m.span() for m in _RUN.finditer(plain) if m.lastindex and _is_long(m[0]))
    return Scanned(text=plain, lower=plain.replace(_DOTTED_I, _DOTLESS_I).lower(), runs=runs)


def _is_long(run: str) -> bool:
    digits = len(run.encode().translate(None, _SIGNS))
    return digits >= _DIGITS_OF_MOBILE or (run[0] == "0" and digits > _DIGITS_OF_MOBILE - 2)


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

#: no digit, and no decimal point of a longer number, on either side; ".0" is what a number read as a float gets
_LEFT, _RIGHT = r"(?<![0-9])(?<![0-9]\.)", r"(?![0-9])(?!\.[0-9]*[1-9])(?![eE][-+]?[0-9])"
_NATIONAL_ID = re.compile(rf"{_LEFT}(?=([0-9](?:[ -]{{0,2}}[0-9]){{16}}[ -]{{0,2}}[0-9Xx](?![0-9])|[0-9]{{15}}(?![0-9Xx])))")
_PERMIT = re.compile(r"(?:护照|通行证|回乡证|台胞证|居留证|证件)(?:号码?)?[是为: ]{0,3}((?=[A-Z]{0,3}[0-9])[A-Z]{0,3}[0-9]{7,12})(?![0-9A-Za-z])")
#: what is announced as the number of an ID is one even where digits are mistyped, missing or too many
_ANNOUNCED_ID = re.compile(r"(?:身份证|证件)件?(?:号码?|编号)?[是为:( ]{0,3}([0-9](?:[ -]{0,2}[0-9]){13,18}[ -]{0,2}[0-9Xx])(?![0-9A-Za-z])")
_MOBILE = re.compile(
    rf"{_LEFT}(?:(?:00)?86[) ]?[- ]?)?"
    r"(?:1[3-9][0-9]{9}|1[3-9][0-9](?P<gap> ?[-.·_ /] ?)[0-9]{4}(?P=gap)[0-9]{4}|1[3-9][0-9]{2}(?P<gap2> ?[- ] ?)[0-9]{3}(?P=gap2)[0-9]{4}"
    rf"|1[3-9][0-9][- ][0-9]{{8}}|1[3-9][0-9]{{5}}[- ][0-9]{{4}}|1(?P<gap3>[- ])[3-9](?:(?P=gap3)[0-9]){{9}})(?:\.0+)?{_RIGHT}"
)
_SPOKEN = "〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖两"
_SPOKEN_MOBILE = re.compile(rf"[一幺壹](?<![{_SPOKEN}][一幺壹])[三四五六七八九叁肆伍陆柒捌玖](?:[ -]?[{_SPOKEN}]){{9}}(?![{_SPOKEN}])")
_HALF_SPOKEN_MOBILE = re.compile(rf"1(?<![0-9.]1)[3-9][0-9][ -]?[{_SPOKEN}]{{4}}[ -]?(?:[0-9]{{4}}|[{_SPOKEN}]{{4}})(?![0-9{_SPOKEN}])")
_AREA = r"0(?:10|2[0-57-9]|[3-9][0-9]{2})"
_LOCAL = r"[2-8](?:[0-9]{6,7}|[0-9]{2,3}[ -][0-9]{4}|[0-9]{3} [0-9]{3})"
_LANDLINE = re.compile(rf"(?<![0-9-])(?:{_AREA}\) ?|{_AREA} ?- ?|{_AREA} ){_LOCAL}(?:-[0-9]{{1,5}})?(?![0-9-])")
_LANDLINE_ALONE = re.compile(rf"(?<![^\0]){_AREA}[2-8][0-9]{{6,7}}(?![^\0])")
_LANDLINE_NAMED = re.compile(rf"(?:电话|座机|固话)(?:号码?)?[是为: ]{{0,3}}((?:{_AREA})?[2-8](?:[0-9]{{6,7}}|[0-9]{{2,3}} [0-9]{{4}}|[0-9]{{2}}-[0-9]{{4}}))(?![0-9])")
#: 62 UnionPay, 4 Visa, 51-55 MasterCard, 35 JCB, 9558 and others of single banks
_CARD = re.compile(rf"{_LEFT}(?=((?:62|4|5[1-5]|35|9558|9559|60138|6858)[0-9]*(?:[ -]?[0-9]){{10,18}}{_RIGHT}))")


def _in_runs(scene: Scanned, pattern: re.Pattern[str], group: int = 0) -> Iterator[Bounds]:
    """Matches inside long runs of digits; what follows is let in, for a last X and for exponents."""
    for start, end in scene.runs:
        yield from (m.span(group) for m in pattern.finditer(scene.text, start, end + 4))


def _find_national_ids(scene: Scanned) -> Iterator[Bounds]:
    text = scene.text
    spans = list(_in_runs(scene, _NATIONAL_ID, 1))
    numbers = list(dict.fromkeys(text[a:b] for a, b in spans))
    valid = {n for n, ok in zip(numbers, valid_numbers(numbers), strict=True) if ok} if numbers else set()
    yield from ((a, b) for a, b in spans if text[a:b] in valid)
    if "证" in text or "护照" in text:
        yield from (m.span(1) for pattern in (_PERMIT, _ANNOUNCED_ID) for m in pattern.finditer(text))


def _find_mobiles(scene: Scanned) -> Iterator[Bounds]:
    text = scene.text
    for start, end in _in_runs(scene, _MOBILE):
        before = text[max(0, start - 3) : start]
        yield start - next((len(p) for p in ("(+", "+ ", "+") if before.endswith(p)), 0), end
    if not text.isascii():
        yield from (m.span() for pattern in (_SPOKEN_MOBILE, _HALF_SPOKEN_MOBILE) for m in pattern.finditer(text))


def find_area_coded(scene: Scanned) -> Iterator[Bounds]:
    """Landlines with their area code, set off from it by a sign or a blank."""
    for start, end in _in_runs(scene, _LANDLINE):
        yield start - (scene.text[start - 1 : start] == "("), end


def _find_landlines(scene: Scanned) -> Iterator[Bounds]:
    yield from find_area_coded(scene)
    yield from _in_runs(scene, _LANDLINE_ALONE)
    if not scene.text.isascii():
        yield from (m.span(1) for m in _LANDLINE_NAMED.finditer(scene.text))


def _find_cards(scene: Scanned) -> Iterator[Bounds]:
    yield from ((a, b) for a, b in _card_forms(scene) if is_luhn(re.sub("[ -]", "", scene.text[a:b])))


def _card_forms(scene: Scanned) -> list[Bounds]:
    return [(a, b) for a, b in _in_runs(scene, _CARD, 1) if 16 <= len(re.sub("[ -]", "", scene.text[a:b])) <= 19]


def count_forms(plain: str, identifier: str) -> int:
    """Numbers of a text with the form of a bank card or national ID (digits, first digits, date), whether or not they pass its check."""
    scene = scanned(plain)
    if identifier == Identifier.BANK_CARD:
        return len(_card_forms(scene))
    numbers = Counter(plain[a:b] for a, b in _in_runs(scene, _NATIONAL_ID, 1))
    return sum(n for n, is_one in zip(numbers.values(), have_form(list(numbers)), strict=True) if is_one)


def is_luhn(digits: str) -> bool:
    """Whether the last digit of a card number is its Luhn check digit (ISO/IEC 7812-1)."""
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


# ── names on networks ────────────────────────────────────────────────────────────────────────────────────────────────────

#: with a Chinese full stop for the point; blanks stand around the sign only before the endings of post offices
_AFTER_AT = re.compile(r"@(?:(?:[A-Za-z0-9-]{1,63}[.。])+[A-Za-z]{2,24}| ?(?:[A-Za-z0-9-]{1,63}[.。]){1,3}(?i:com|cn|net)(?![0-9A-Za-z]))")
_POST = re.compile("[.。](?:com|cn|net)$", re.IGNORECASE)
_BEFORE_AT = re.compile(r"[A-Za-z0-9._%+'-]{1,64}$")
#: what follows an "@" in names of pictures, scripts and packages
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "css", "json", "html", "py", "ts", "woff"})
_MIDDLE_OF_IPV4 = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9])(?: ?\([^()\0]{1,30}\))?")
_START_OF_IPV4 = re.compile(r"(?:(?<![0-9A-Za-z.])|(?<=[iI][pP])(?<![A-Za-z]..))[0-9]{1,3}$")
_VERSION_CUE = re.compile(r"(?:[vV]|版本|第|version|==|>=|@|[A-Za-z]/)[: ]?$")
_MIDDLE_OF_IPV6 = re.compile(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z:.])(?:[23][0-9A-Fa-f]{3}|[fF][cCdDeE][0-9A-Fa-f]{2}):"
    r"(?:(?:[0-9A-Fa-f]{1,4}:){6}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){0,5}(?::[0-9A-Fa-f]{1,4}){1,6})(?![0-9A-Za-z:])"
    r"(?: ?\([^()\0]{1,30}\))?"
)
_WXID = re.compile(r"wxid_[0-9a-z]{6,}")
_OPENID = re.compile(r"o(?<![0-9A-Za-z_/+=-]o)[0-9A-Za-z_-]{27}(?![0-9A-Za-z_/+=-])")
_CUE = r"(?:[微薇威徽][ .·]?信|wei ?信|v ?信|[v微薇威] ?[❤♥]\ufe0f?|wechat|weixin|vx|wx)"
#: a single letter announces an account only where one is asked to add it, and with a sign behind it (加VIP2024)
_ADDED = r"(?:[加➕]|\+(?<![0-9a-z]\+))(?:我|个|一下|本人)?的? ?v(?=[是为: 号])"
#: letters alone are an account only behind somebody's own WeChat (我的微信xiaoming), and not where they say what runs it or what is in it
_OWN = r"(?:(?<=[我加他她])|(?<=[我他她人]的)|(?<=本人))"
_NO_ACCOUNT = r"(?:we-?chat|wei-?xin|android|iphone|account|number|groups?|version|windows|office|mobile|public|moments|harmony)(?![a-z])"
_CUE_SIGNS = ("信", "❤", "♥", "wechat", "weixin", "vx", "wx", "加", "➕", "+")  #: no cue without one of them
_ACCOUNT = re.compile(
    rf"(?:{_CUE}|{_ADDED})(?:(?: ?(?:号码?|账号|帐号|id))[是为: ]{{0,3}}|[是为:][ ]?)([a-z][a-z0-9_-]{{5,19}})(?![a-z0-9_])"
    rf"|(?:{_CUE}|{_ADDED})[ ]{{0,2}}([a-z](?=[a-z_-]*[0-9_])[a-z0-9_-]{{5,19}})(?![a-z0-9_])"
    rf"|{_OWN}{_CUE}[ ]{{0,2}}(?!{_NO_ACCOUNT})([a-z][a-z-]{{5,19}})(?![a-z0-9_])"
)
#: where a cue may begin: found at once, while the cues themselves would be tried at every character
_CUE_BEGINS = re.compile("[微薇威徽加➕+vw](?:(?<![vw])|(?<=v)(?:x| ?[信❤♥])|(?<=w)[ex])")
_QQ = re.compile(r"(?:qq|扣扣|q(?=号))(?:号码?)?[是为: ]{0,3}([1-9][0-9]{4,10})(?![0-9])")


def _find_emails(scene: Scanned) -> Iterator[Bounds]:
    for match in _AFTER_AT.finditer(scene.text):
        start = match.start() - (scene.text[match.start() - 1 : match.start()] == " " and _POST.search(match[0]) is not None)
        before = _BEFORE_AT.search(scene.text, max(0, start - 64), start)
        if before and re.split("[.。]", match[0])[-1].lower() not in _FILE_ENDINGS:
            yield before.start(), match.end()


def _find_ips(scene: Scanned) -> Iterator[Bounds]:
    text = scene.text
    for match in _MIDDLE_OF_IPV4.finditer(text):
        first = _START_OF_IPV4.search(text, max(0, match.start() - 4), match.start())
        if first and is_host(text[first.start() : match.end()]) and not _is_version(text, first.start()):
            yield first.start(), match.end()
    for middle in _MIDDLE_OF_IPV6.finditer(text):
        yield from (m.span() for m in _IPV6.finditer(text, max(0, middle.start() - 5), middle.end() + 80))


def _is_version(text: str, start: int) -> bool:
    return _VERSION_CUE.search(text, max(0, start - 9), start) is not None


def is_host(address: str) -> bool:
    """Whether an IPv4 address (with or without a place behind it) can be that of somebody's connection."""
    parts = [int(part) for part in address.split("(", maxsplit=1)[0].split(".")]
    return max(parts) <= 255 and parts[0] not in {0, 127} and min(parts[:3]) < 255


def _find_accounts(scene: Scanned) -> Iterator[Bounds]:
    text, lower = scene.text, scene.lower
    yield from (m.span() for m in _WXID.finditer(lower))
    for match in _OPENID.finditer(text):
        if re.search("[0-9]", match[0]) and re.search("[A-Z]", match[0]) and re.search("[a-z]", match[0][1:]):
            yield match.span()
    if any(sign in lower for sign in _CUE_SIGNS):
        yield from (m.span(m.lastindex or 0) for m in _announced(lower) if not _follows_letter(lower, m.start()))
    yield from (m.span(1) for m in _QQ.finditer(lower) if not _follows_letter(lower, m.start()))


def _announced(lower: str) -> Iterator[re.Match[str]]:
    """Every account with its cue, from left to right."""
    done = 0
    for cue in _CUE_BEGINS.finditer(lower):
        if cue.start() >= done and (match := _ACCOUNT.match(lower, cue.start())):
            done = match.end()
            yield match


def _follows_letter(lower: str, start: int) -> bool:
    return lower[start] < "\x7f" and "a" <= lower[start - 1 : start] <= "z"


# ── vehicles and doors ───────────────────────────────────────────────────────────────────────────────────────────────────

_PLATE = re.compile(
    f"[{''.join(row['plate'] for row in reference_rows('provinces'))}](?<![更最全重刷创革]新)[ ·•.-]?[A-Za-z][ ·•.-]?"
    "(?:[A-HJKa-hjk](?=[A-Za-z0-9]*[0-9])[A-HJ-NP-Za-hj-np-z0-9][0-9]{4}|[0-9]{5}[A-HJKa-hjk]"
    "|(?=[A-Za-z]{0,4}[0-9])[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])(?![A-Za-z0-9])"
)


def _find_plates(scene: Scanned) -> Iterator[Bounds]:
    if not scene.text.isascii():
        yield from (m.span() for m in _PLATE.finditer(scene.text))


def _find_doors(scene: Scanned) -> Iterator[Bounds]:
    return find_doors(scene.text)


#: in order of precedence, where spans overlap
FINDERS: Mapping[str, Finder] = {
    Identifier.NATIONAL_ID: _find_national_ids, Identifier.EMAIL: _find_emails, Identifier.BANK_CARD: _find_cards,
    Identifier.WECHAT: _find_accounts, Identifier.IP: _find_ips, Identifier.MOBILE: _find_mobiles, Identifier.LANDLINE: _find_landlines,
    Identifier.PLATE: _find_plates, Identifier.ADDRESS: _find_doors,
}
#: digits of numbers that also serve as codes of places and tickets, of which some pass the check by chance
_AMBIGUOUS = range(15, 20)
_ID_CHARACTERS = 18
CODES_FROM, CODES_BELOW = 20, 0.5  #: so many numbers of one form, with less than this share passing, are codes


def find_identifiers(plain: str, finders: Mapping[str, Finder] = FINDERS) -> list[Span]:
    """Every identifier of a plain text, left to right; overlapping spans become one, of the class that stands first in `finders`."""
    scene = scanned(plain)
    return merged_spans([Span(a, b, identifier) for identifier, find in finders.items() for a, b in find(scene)], list(finders))


def column_identifiers(joined: JoinedTexts, finders: Mapping[str, Finder] = FINDERS) -> dict[int, list[Span]]:
    """Spans by position of the distinct text.

    Codes of places, and numbers of tickets made of area, date and serial, have 15 to 19 digits, too; a tenth of them pass the
    check of a bank card or a national ID. A column whose numbers of one length mostly do not pass holds codes, and those that
    pass are left alone.
    """
    return without_codes(joined.texts, joined.by_text(find_identifiers(joined.plain, finders)))


def without_codes(texts: Sequence[str], found: Mapping[int, list[Span]]) -> dict[int, list[Span]]:
    """The spans of a column's distinct texts but for those of its codes, see `column_identifiers`."""
    numbers: dict[int, list[int]] = {}
    for position, text in enumerate(texts):
        if len(text) in _AMBIGUOUS and text.isdecimal():
            numbers.setdefault(len(text), []).append(position)
    codes: set[int] = set()
    for positions in numbers.values():
        passing = {p for p in positions if p in found}
        if len(positions) >= CODES_FROM and len(passing) < CODES_BELOW * len(positions):
            codes |= passing
    return {p: spans for p, spans in found.items() if p not in codes}


def id_forms(joined: JoinedTexts) -> dict[int, list[tuple[Span, bool]]]:
    """Numbers of 18 digits with a province and a real birth date, and whether each passes the check, by position of the distinct text."""
    runs = _in_runs(scanned(joined.plain), _NATIONAL_ID, 1)
    bounds = [((start, end), joined.plain[start:end]) for start, end in runs if end - start >= _ID_CHARACTERS]
    if not bounds:
        return {}
    numbers = list(dict.fromkeys(number for _, number in bounds))
    form, valid = (dict(zip(numbers, told(numbers).tolist(), strict=True)) for told in (have_form, valid_numbers))
    spans = {Span(*span, Identifier.NATIONAL_ID): valid[number] for span, number in bounds if form[number]}
    placed = joined.by_text(list(spans))
    passes = iter(spans.values())
    return {position: [(span, next(passes)) for span in of_text] for position, of_text in placed.items()}


def mistyped_ids(forms: Mapping[int, Sequence[tuple[Span, bool]]]) -> dict[int, list[Span]]:
    """Of the `id_forms` of a column those whose check character is wrong, by position of the distinct text.

    They tell a person all but for one digit. Numbers of tickets made of area, date and serial look alike, so that a column with many
    of them that mostly fail the check is left alone.
    """
    passes = [is_valid for numbers in forms.values() for _, is_valid in numbers]
    if len(passes) >= CODES_FROM and sum(passes) < CODES_BELOW * len(passes):
        return {}
    wrong = {position: [span for span, is_valid in numbers if not is_valid] for position, numbers in forms.items()}
    return {position: spans for position, spans in wrong.items() if spans}


def holds_identifier(texts: pd.Series, identifier: str, *, whole: bool = False) -> NDArray[np.bool_]:
    """Whether each text holds an identifier of one class.

    Parameters
    ----------
    texts : Series of str
        Cells; missing ones hold nothing.
    identifier : str
        A key of `FINDERS`.
    whole : bool
        Count a cell only where nothing but signs stands beside the identifier.
    """
    joined = JoinedTexts(texts)
    found = joined.by_text(find_identifiers(joined.plain, {identifier: FINDERS[identifier]}))
    holds = np.zeros(len(joined.texts), dtype=bool)
    holds[[i for i, spans in found.items() if not whole or is_whole(joined.texts[i], spans)]] = True
    return np.asarray(holds[joined.codes])


def telephone_digits(texts: pd.Series) -> pd.Series:
    """Digits of telephone numbers, a mobile number without the code of the country."""
    plain = pd.Series(plain_texts(texts.fillna("").to_list()), index=texts.index, dtype="str")
    digits = plain.str.replace(r"\.0+$", "", regex=True).str.replace(r"[^0-9]", "", regex=True)
    return digits.str.replace(r"^(?:00)?86(?=1[3-9][0-9]{9}$)", "", regex=True)


def is_mobile_in_use(texts: pd.Series) -> NDArray[np.bool_]:
    """Whether each whole text is a mobile number of a segment (first three digits) that operators have given out.

    Segments are added every few years (`data/mobile_segments.csv`), so this says how good a column of numbers is; it never
    decides whether a number is hidden.
    """
    digits = telephone_digits(texts)
    segments = [row["segment"] for row in reference_rows("mobile_segments")]
    return np.asarray(digits.str.len().eq(11) & digits.str.slice(0, 3).isin(segments), dtype=bool)
