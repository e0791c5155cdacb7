"""Survey platforms by the headers of their exports, wherever these stand, and what kind of export a file is."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from commresearch.terms import Export, Platform

#: header → what it holds, per platform; the first header of a meaning that a file has is taken
META: Mapping[Platform, Mapping[str, str]] = {
    Platform.WENJUANXING: {
        "序号": "key", "提交答卷时间": "submitted", "所用时间": "duration", "来源": "source", "来源详情": "source_detail", "来自ip": "ip",
        "总分": "score", "用户id": "user", "开始答卷时间": "started",
    },
    Platform.TENCENT: {
        "编号": "key", "开始答题时间": "started", "结束答题时间": "submitted", "答题时长": "duration", "语言": "language", "清洗": "verdict", "清洗数据结果": "verdict",
        "地理位置国家": "country", "地理位置国家和地区": "country", "地理位置省": "province", "地理位置省份": "province", "地理位置市": "city",
        "地理位置城市": "city", "自定义字段": "custom", "ip": "ip", "ua": "user_agent", "referrer": "referrer", "用户标识": "user",
    },
    Platform.KOBO: {
        "_id": "key", "_uuid": "key", "start": "started", "end": "submitted", "_submission_time": "submitted", "_submitted_by": "user",
        "username": "user", "_validation_status": "verdict",
    },
    Platform.PLAIN: {
        "序号": "key", "编号": "key", "问卷编号": "key", "答卷编号": "key", "id": "key", "提交时间": "submitted", "填写时间": "submitted",
        "填报时间": "submitted", "开始时间": "started", "填写时长": "duration", "答题用时": "duration",
    },
}
#: columns of times that a platform's server writes in UTC without saying so
IN_UTC: Mapping[Platform, frozenset[str]] = {Platform.KOBO: frozenset({"_submission_time"})}
#: headers that no other kind of table has; one of a Chinese platform, two of Kobo tell the platform
DISTINCT: Mapping[Platform, frozenset[str]] = {
    Platform.WENJUANXING: frozenset({"提交答卷时间", "所用时间", "来源详情", "来自ip"}),
    Platform.TENCENT: frozenset({"开始答题时间", "结束答题时间", "答题时长", "地理位置国家", "地理位置国家和地区", "地理位置省", "地理位置市"}),
    Platform.KOBO: frozenset({"_id", "_uuid", "_submission_time", "_validation_status", "_submitted_by", "__version__", "_status", "_index", "_tags", "_notes"}),
}
ENOUGH = {Platform.WENJUANXING: 1, Platform.TENCENT: 1, Platform.KOBO: 2}
#: columns beside the answers that hold nothing a survey is about
EXTRA = {
    Platform.TENCENT: frozenset({"用户类型", "昵称", "数据版本"}),
    Platform.KOBO: frozenset({"today", "deviceid", "subscriberid", "simserial", "phonenumber", "formhub/uuid", "meta/instanceid", "meta/instancename", "__version__"}),
}
KNOWN = frozenset().union(*META.values(), *DISTINCT.values())

MOST_DISTINCT = 2_000  #: different cells of a column that are looked at; a question with options has fewer
SHARE_OF_CODES = 0.8  #: of the answer columns that a code export fills with whole numbers
SHARE_OF_TEXTS = 0.5
OPTION_CELLS = frozenset({"0", "1", "-2", "-3"})
TEXT_MARKS = ("┋", "〖")
SKIPPED_TEXT = re.compile(r"[(（](?:跳过|空)[)）]")
PART_HEADER = re.compile(r"(?:第\s*\d+\s*题|\d+)\s*[(（]")  #: a row of a matrix or an option of a multiple choice
WHOLE_NUMBER = re.compile(r"-?\d{1,4}")
FILLED_IN = re.compile(r"〖[^〗]*〗")  #: what a respondent wrote beside an option; it may hold the mark that joins options


def plain_header(header: str) -> str:
    """A header as the tables above write it: half-width, lower case, without blanks, colons, brackets and dashes."""
    return re.sub(r"[\s:()\[\]—\-·]", "", unicodedata.normalize("NFKC", header)).lower()


def known_headers(cells: Iterable[str]) -> int:
    """How many headers of survey platforms are among some cells, where at least one of them is a platform's own."""
    headers = {plain_header(c) for c in cells}
    if not any(len(headers & own) >= ENOUGH[platform] for platform, own in DISTINCT.items()):
        return 0
    return len(headers & KNOWN)


def ask_the_same(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether two headers are those of one questionnaire: the same questions, in whatever order."""
    one, other = ({plain_header(h) for h in headers} - {""} for headers in (first, second))
    return len(one) > 1 and one == other


def detect_platform(headers: Iterable[str]) -> Platform:
    """The platform whose own headers are most among `headers`; `PLAIN` where there are none."""
    found = {plain_header(h) for h in headers}
    counts = {p: len(found & own) for p, own in DISTINCT.items() if len(found & own) >= ENOUGH[p]}
    return max(counts, key=lambda p: counts[p]) if counts else Platform.PLAIN


def meta_columns(headers: Sequence[str], platform: Platform) -> dict[str, str]:
    """Meaning → header for the columns that describe the answer sheet itself."""
    by_plain = {plain_header(h): h for h in reversed(headers)}
    found: dict[str, str] = {}
    for name, meaning in META.get(platform, {}).items():
        if name in by_plain:
            found.setdefault(meaning, by_plain[name])
    return found


def is_utc(header: str, platform: Platform) -> bool:
    """Whether times of a column are UTC where they do not say so."""
    return plain_header(header) in IN_UTC.get(platform, frozenset())


def is_answer(header: str, platform: Platform, meta: Mapping[str, str]) -> bool:
    """Whether a column holds answers, not particulars of the answer sheet."""
    plain = plain_header(header)
    if header in meta.values() or (platform is not Platform.PLAIN and plain in META.get(platform, {})):
        return False
    return plain not in EXTRA.get(platform, frozenset()) and not (platform is Platform.KOBO and plain.startswith("_"))


def detect_export(distinct: Mapping[str, Any], platform: Platform) -> Export:
    """Whether answers are option texts or option numbers; by marks that only one of the two has, else by share of numbers.

    `distinct` holds the different cells of each answer column.
    """
    if platform not in {Platform.WENJUANXING, Platform.TENCENT} or not distinct:
        return Export.UNKNOWN
    answered = [[v for v in cells.slice(0, MOST_DISTINCT).to_pylist() if v] for cells in distinct.values()]
    # A column per option settles it before words and joined texts do, which may stand in what somebody wrote.
    if any(PART_HEADER.match(name) and {"0", "1"} <= set(found) <= OPTION_CELLS for name, found in zip(distinct, answered, strict=True)):
        return Export.CODE
    has_missing_codes = any({"-3", "-2"} & set(found) for found in answered)
    if not has_missing_codes and any(SKIPPED_TEXT.fullmatch(v) for found in answered for v in found):
        return Export.TEXT
    if any(_is_text_mark(v) for found in answered for v in found):
        return Export.TEXT
    coded = {name: all(map(_is_coded, found)) for name, found in zip(distinct, answered, strict=True) if found}
    share = sum(coded.values()) / max(len(coded), 1)
    of_parts = [is_coded for name, is_coded in coded.items() if PART_HEADER.match(name)]
    if share >= SHARE_OF_CODES or (of_parts and all(of_parts)) or (has_missing_codes and share > SHARE_OF_TEXTS):
        return Export.CODE
    return Export.TEXT if share <= SHARE_OF_TEXTS else Export.UNKNOWN


def _is_text_mark(value: str) -> bool:
    """Whether a cell can stand in a text export only: options joined or filled in that are not numbers."""
    return any(mark in value for mark in TEXT_MARKS) and not _is_coded(value)


def _is_coded(value: str) -> bool:
    """Whether a cell holds numbers of options, whatever is filled in beside them."""
    return all(WHOLE_NUMBER.fullmatch(option.strip()) for option in FILLED_IN.sub("", value).split(TEXT_MARKS[0]))
