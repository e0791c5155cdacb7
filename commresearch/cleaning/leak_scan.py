"""The search for identifiers in everything that was written.

It is the second line behind the privacy gate: whatever went wrong before it, a file that holds an identifier is not handed out.
It looks for what can be told from other numbers and words by itself (ID numbers with their check character, telephones, e-mail
and IP addresses, plates, WeChat and card numbers, landlines, doors, names of people who say who they are), and for every
identifier that is known from the received file.
"""

import bisect
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from commresearch.cleaning.doors import find_certain_doors
from commresearch.cleaning.identifiers import CODES_BELOW, CODES_FROM, FINDERS, Finder, count_forms, find_area_coded, find_identifiers
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.masking import PRECEDENCE
from commresearch.cleaning.personal_names import find_certain_names, words_like_names
from commresearch.cleaning.text_spans import JoinedTexts, Span, merged_spans, plain_text
from commresearch.cleaning.written_texts import Piece, read_pieces
from commresearch.errors import CleaningError, Failure
from commresearch.records import can_fork, fan_out
from commresearch.terms import Identifier, Language
from commresearch.words import say

_TELLING = (
    Identifier.NATIONAL_ID, Identifier.EMAIL, Identifier.BANK_CARD, Identifier.WECHAT, Identifier.IP, Identifier.MOBILE, Identifier.PLATE,
)
#: of landlines only those with an area code, of addresses only homes, of names only those of people who say who they are: reports print
#: roads, buildings and rooms of offices
_FINDERS: Mapping[str, Finder] = {k: FINDERS[k] for k in _TELLING} | {
    Identifier.LANDLINE: find_area_coded, Identifier.ADDRESS: lambda scene: find_certain_doors(scene.text),
    Identifier.NAME: lambda scene: find_certain_names(scene.text),
}
_LABELS: Mapping[str, str] = {
    Identifier.NAME: "label_name", Identifier.NATIONAL_ID: "label_national_id", Identifier.MOBILE: "label_mobile",
    Identifier.LANDLINE: "label_landline", Identifier.ADDRESS: "label_address", Identifier.WECHAT: "label_wechat",
    Identifier.IP: "label_ip", Identifier.PLATE: "label_plate", Identifier.EMAIL: "label_email", Identifier.BANK_CARD: "label_bank_card",
}
#: hashes and the ids of runs, rows and cells: digits in them are no numbers
_HEXADECIMAL = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=(?:[0-9]*[a-f]){3})[0-9a-f]{16,}")
_HASH = re.compile("[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")  #: one of thousands holds the digits of a card number that passes its check
_WECHAT_CUE = re.compile("[信❤♥]|[加➕].{0,3}[vV]")
_WECHAT_ID = re.compile(r"[wW]e[cC]hat ?(?:[iI][dD]|号)[: ]{0,3}\Z")
#: a landline with its area code, not the date of a ticket behind one (0531-20250301); reports and questions print those of offices
_AREA_CODED = re.compile(r"\(?0[0-9]{2,3}(?: ?[-)] ?| (?=[0-9]+ ))(?!20[0-9]{2}[01][0-9])[2-8][0-9 -]{6,}")
_OFFICE = re.compile(
    "电话|座机|热线|咨询|拨打|致电|联系|值班|办公|客服|服务|监督|举报|投诉|传真|居委|社区|物业|派出所|街道|医院|中心|站|办|tel|phone|call|fax|line"
)
_AT_HOME = re.compile("我家|我的|我们家|家[里中庭]|本人|住宅|home")
_NEAR = 16  #: characters before a landline that say whose it is
_BEFORE, _AFTER = re.compile(r"[0-9a-f-]*$"), re.compile(r"[0-9a-f-]*")
_SMALL_PARTS = 20  #: four parts below this are the number of a version or a section rather than an address
_SHOWN = 2  #: characters of a leak that its report shows
_WORKERS = 2
_LARGE = 500_000  #: bytes of files from which on a second process is worth starting
_TIMEOUT = 600  #: seconds one process may take
_UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """An identifier in a written file.

    `part` is the column or the member of a zipped file (blank in a plain one); `line` counts from 1 and is 0 where `cell` says
    the place (sheet and cell, or row of a column); `identifier` is the class; of `sample` only the first characters are shown.
    """

    path: Path
    part: str
    line: int
    cell: str
    identifier: str
    sample: str


def scan_files(paths: Iterable[Path], *, known: Iterable[str] | Mapping[str, str] = (), allowed: Iterable[str] = ()) -> list[Leak]:
    """Identifiers in written files.

    Parameters
    ----------
    paths : iterable of Path
        Files of any kind that `written_texts` reads; pictures are passed over.
    known : iterable of str, or mapping
        Identifiers of the received data (`Gate.known`), with their classes if it is a mapping; each is searched for as it stands.
    allowed : iterable of str
        What may stand in files: the telephone and e-mail address of the office that answers for the data, say.

    Returns
    -------
    list of Leak
        In the order of the files and of the places in them; empty where nothing was found.

    Raises
    ------
    CleaningError
        Files that cannot be read (CR-P09, one per file).
    """
    leaks, unreadable = _scan(paths, known, allowed)
    if unreadable:
        raise CleaningError(*unreadable)
    return leaks


def require_no_leaks(
    paths: Iterable[Path], known: Iterable[str] | Mapping[str, str] = (), *, allowed: Iterable[str] = (), workers: int = _WORKERS
) -> None:
    """Refuse files that hold identifiers.

    Parameters
    ----------
    paths, known, allowed
        As in `scan_files`.
    workers
        Processes that share many files; 1 where others are at work meanwhile.

    Raises
    ------
    CleaningError
        One CR-P08 per identifier found, one CR-P09 per file that cannot be read.
    """
    leaks, unreadable = _scan(paths, known, allowed, workers)
    failures = [Failure(code="CR-P08", values=_values(leak)) for leak in leaks]
    if failures or unreadable:
        raise CleaningError(*failures, *unreadable)


def _values(leak: Leak) -> dict[str, object]:
    place = {language.value: _place(leak, language) for language in Language}
    label = {language.value: say(f"errors.{_LABELS[leak.identifier]}", language) for language in Language}
    return {"path": leak.path, "place": place, "label": label, "sample": leak.sample}


def _place(leak: Leak, language: Language) -> str:
    if leak.cell:
        return say("errors.place_cell", language, part=f"{leak.part} " if leak.part else "", cell=leak.cell)
    return say("errors.place_line", language, part=f"{leak.part} " if leak.part else "", line=leak.line)


def _scan(
    paths: Iterable[Path], known: Iterable[str] | Mapping[str, str], allowed: Iterable[str], workers: int = _WORKERS,
) -> tuple[list[Leak], list[Failure]]:
    ordered = list(paths)
    work = partial(_scan_each, known=_known_values(known), allowed={plain_text(a).strip() for a in allowed})
    shares = _shares(ordered, workers)
    if len(shares) == 1:
        found = work(ordered)
    else:
        parts = fan_out(work, shares, workers=workers, timeout=_TIMEOUT, lost=lambda share, _: work(share))
        found = {path: mine for _, part in parts for path, mine in part.items()}
    leaks = [leak for path in dict.fromkeys(ordered) if isinstance(mine := found[path], list) for leak in mine]
    return leaks, [mine for path in dict.fromkeys(ordered) if isinstance(mine := found[path], Failure)]


def _shares(paths: Sequence[Path], workers: int) -> list[list[Path]]:
    """The files in parts of much the same size, one for each process; in one part where starting a process takes longer than reading."""
    sizes = {path: path.stat().st_size if path.is_file() else 0 for path in paths}
    shares: list[list[Path]] = [[] for _ in range(workers if can_fork() and sum(sizes.values()) > _LARGE else 1)]
    for path in sorted(sizes, key=sizes.__getitem__, reverse=True):
        min(shares, key=lambda share: sum(sizes[p] for p in share)).append(path)
    return shares


def _scan_each(paths: Sequence[Path], known: KnownValues, allowed: set[str]) -> dict[Path, list[Leak] | Failure]:
    """For each file its leaks, every one once, or why it cannot be read."""
    found: dict[Path, list[Leak] | Failure] = {}
    for path in paths:
        try:
            found[path] = list(dict.fromkeys(leak for piece in read_pieces(path) for leak in _leaks(path, piece, known, allowed)))
        except _UNREADABLE as error:
            found[path] = Failure(code="CR-P09", values={"path": path, "error": error})
    return found


def _known_values(known: Iterable[str] | Mapping[str, str]) -> KnownValues:
    """Known identifiers but for names that are everyday words; the class of a value without one is told by its form."""
    values = known if isinstance(known, Mapping) else _with_classes(known)
    return KnownValues({v: c for v, c in values.items() if v not in words_like_names()})


def _with_classes(values: Iterable[str]) -> dict[str, str]:
    joined = JoinedTexts(pd.Series(list(values), dtype="str"))
    found = joined.by_text(find_identifiers(joined.plain))
    return {text: found[i][0].identifier if i in found else Identifier.NAME for i, text in enumerate(joined.texts)}


def _leaks(path: Path, piece: Piece, known: KnownValues, allowed: set[str]) -> Iterator[Leak]:
    plain = plain_text(piece.text)
    breaks: list[int] = []
    for span in merged_spans([*find_leaks(plain), *known.find(plain)], PRECEDENCE):
        sample = plain[span.start : span.end]
        if sample in allowed:
            continue
        breaks = breaks or [m.start() for m in re.finditer("\n", plain)]
        line = bisect.bisect_left(breaks, span.start)
        cell = piece.cell_of(line) if piece.cell_of else ""
        shown = 1 if span.identifier == Identifier.NAME else min(_SHOWN, len(sample) // 3)
        yield Leak(
            path=path, part=piece.part, line=0 if cell else line + 1, cell=cell, identifier=span.identifier,
            sample=sample[:shown] + "*" * (len(sample) - shown),
        )


def find_leaks(plain: str) -> list[Span]:
    """Identifiers in the plain text of a written file, with less zeal than in received cells: files hold many other numbers."""
    return _without_codes(plain, [s for s in find_identifiers(plain, _FINDERS) if _is_certain(plain, s)])


def _is_certain(text: str, span: Span) -> bool:
    sample, before, after = text[span.start : span.end], text[max(0, span.start - 64) : span.start], text[span.end : span.end + 64]
    if span.identifier == Identifier.NATIONAL_ID:
        return (sum(c.isalnum() for c in sample) != 15 or "证" in before[-8:]) and not _is_within(_HASH, sample, before, after)
    if span.identifier == Identifier.BANK_CARD:
        return not _is_within(_HASH, sample, before, after)
    if span.identifier == Identifier.MOBILE:
        is_inside_word = re.fullmatch("[A-Za-z]{2}", before[-1:] + after[:1])
        return not is_inside_word and not re.search(r"[/_·]|\.(?!0+$)", sample) and not _is_within(_HEXADECIMAL, sample, before, after)
    if span.identifier == Identifier.IP:
        return ":" in sample or max(map(int, sample.split("(", maxsplit=1)[0].split("."))) >= _SMALL_PARTS
    if span.identifier == Identifier.WECHAT:
        return sample.lower().startswith("wxid_") or len(sample) == 28 or bool(_WECHAT_CUE.search(before[-8:]) or _WECHAT_ID.search(before))
    return span.identifier != Identifier.LANDLINE or _is_landline_of_a_home(sample, before, after)


def _is_landline_of_a_home(sample: str, before: str, after: str) -> bool:
    if not _AREA_CODED.fullmatch(sample) or re.search(r"[0-9A-Za-z._/-] ?$", before) or re.match(r" ?[0-9A-Za-z_/]|\.[0-9]", after):
        return False
    near = before[-_NEAR:].rpartition("\n")[2].lower()
    return not _OFFICE.search(near) or _AT_HOME.search(near) is not None


def _is_within(form: re.Pattern[str], sample: str, before: str, after: str) -> bool:
    left, right = _BEFORE.search(before.lower()), _AFTER.match(after.lower())
    return bool(form.fullmatch((left[0] if left else "") + sample + (right[0] if right else "")))


def _without_codes(text: str, spans: Sequence[Span]) -> list[Span]:
    """Card and ID numbers only where most numbers of their form pass the check; else they are codes of places or tickets."""
    kept = list(spans)
    for identifier in (Identifier.BANK_CARD, Identifier.NATIONAL_ID):
        passing = sum(s.identifier == identifier for s in kept)
        if passing and (n := count_forms(text, identifier)) >= CODES_FROM and passing < CODES_BELOW * n:
            kept = [s for s in kept if s.identifier != identifier]
    return kept
