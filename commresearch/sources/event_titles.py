"""What the rows above a table say of all its rows: 日期：2025年3月8日  地点：二楼活动室, or 2025年3月8日 阳光社区 健康讲座签到表.

A sign-in sheet is one activity on one sheet; when and where it was stands in its title, not in a column.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from commresearch.sources.event_headers import SERIALS, Vocabulary, plain_header
from commresearch.sources.sheet import Sheet

YEAR = re.compile(r"(?<!\d)(20\d{2})(?!\d{3})(?=\s*年|\s*[-_./ 度]|$|\D)")
TITLE_WORDS = re.compile(r"(?:签到表|签到簿|签到册|签到|登记表|登记簿|台账|花名册|名单|记录表|记录|统计表|表)$")
NO_CONTEXT = re.compile(
    r"sheet\s*\d*|工作表\s*\d*|(?:\d{4}年)?(?:[一二三四五六七八九十]{1,3}|\d{1,2})月份?|第?[一二三四1-4]季度|(?:20\d{2})年?度?|汇总|总表|明细|数据|data|登记|活动|", re.IGNORECASE,
)
DAY = re.compile(
    r"(?<!\d)(20\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})(?!\d)\s*[日号]?|(?<!\d)(20\d{2})([01]\d)([0-3]\d)(?!\d)"
    r"|(?<!\d)()(\d{1,2})\s*月\s*(\d{1,2})(?:\s*[日号]|(?=\s*[-~至到、,和及—–]\s*\d))",
)
#: another day behind the first one: 3月8日至10日, 3月8、9日
_MORE_DAYS = re.compile(r"\s*(?:\(?(?:星期|周)[一二三四五六日天]\)?)?\s*[-~至到、,和及—–]+\s*\d{1,2}\s*[日号]")
_CLOCK = re.compile(r"(?:上午|下午|早上|中午|傍晚|晚上|晚)?\s*\d{1,2}\s*(?::\s*\d{2}|[点时](?:\s*\d{1,2}\s*分|半)?)")
_HAS_DAY = re.compile(r"\d{4}|[年月日号/]|\d\s*-\s*\d+\s*-")
_COLON = re.compile(r"(?<!\d):|:(?!\d{2}(?!\d))")  # none of a clock time
_WORDS_BEFORE = re.compile(r"[\u4e00-\u9fff]+(?:\s*\([^()]*\))?\s*$")
#: what may stand before the word of a label: 培训地点, 本次活动, 开展时间
_BEFORE_LABEL = re.compile(r"^(?:本次|本场|此次|本期)?(?:活动|课程|培训|会议|讲座|上课|授课|开展|举办|举行)?")
_OF_SOMETHING_ELSE = re.compile(r"(?:制表|填表|填报|打印|上报|登记|统计|报名|截止|集合|报到|开始|结束|启动|创建|更新|导出|联系)$")
_OTHER_LABELS = (
    "主讲人", "主讲", "主持人", "联系人", "负责人", "记录人", "填表人", "制表人", "制表", "审核人", "审核", "讲师", "授课老师", "授课人", "联系电话", "电话",
    "主办单位", "承办单位", "参加人数", "人数", "备注",
)
_HOSTS = ("主办单位", "承办单位")
#: labels that names end in, too: 阳光社区：二楼, 健康活动：营养
_ENDS_NAMES = frozenset({"社区", "活动", "课程", "主题", "项目"})
_UNIT_OF_TIME = re.compile(r"[日号点时分半整]")
_APART = re.compile(r"[\s,;|、。]")
_LONGEST_WORD_BEFORE = 2  #: characters that make a label another one: 制表日期
_UNIT = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]{2,20}(?:社区|居委会|小区|村)")
_PIECES = re.compile(r"\s{2,}|[;|]")


class Said(NamedTuple):
    """What a title says: the label as written ("" where there is none), the text behind it, the position of its row (−1: the name of the sheet or file)."""

    label: str
    text: str
    row: int


class TitleLine(NamedTuple):
    """One field that a title gives, for the log; `shown` is blank where the text may name somebody."""

    header: str
    shown: str
    row: int


@dataclass(slots=True, kw_only=True)
class TitleFields:
    """Fields that the title gives for all rows of a table, where each stands, and fields of which it says several things.

    dated : whether the day of the rows is that of the title
    """

    given: dict[str, str] = field(default_factory=dict)
    lines: list[TitleLine] = field(default_factory=list)
    doubtful: dict[str, tuple[Said, ...]] = field(default_factory=dict)
    dated: bool = False


def title_labels(vocabulary: Vocabulary) -> dict[str, tuple[str, int]]:
    """Label of a title → its field, with its place among the labels of that field: those of earlier ranks first."""
    names = (*(fields[0] for fields in vocabulary.titled), *vocabulary.dated)
    found: dict[str, tuple[str, int]] = {}
    for one in vocabulary.fields:
        if one.name in names:
            for place, word in enumerate(word for rank in one.ranks for word in rank):
                found.setdefault(plain_header(word), (one.name, place))
    return found


def is_title_row(sheet: Sheet, row: int, labels: Mapping[str, object], words: Collection[str], above: int | None = None) -> bool:
    """Whether a row of several cells is a title: labels with what they say behind them or in the next cell (日期 | 3月8日 | 地点 | 二楼).

    A remark that looks like a label makes no title of an entry: a title has one cell without a label at most, and that stands below
    no header of the table above (in row `above`), unless it ends as titles do.
    """
    if not labels:
        return False
    columns = [j for j in range(len(sheet.columns)) if sheet.filled[row, j]]
    texts = _cells(sheet, row)
    pairs = [_split(text, labels)[1] for text in texts]
    behind = {  # cells with what the label before them leaves open
        place for place in range(1, len(texts))
        if not pairs[place] and pairs[place - 1] and not pairs[place - 1][-1][1] and plain_header(texts[place]) not in words
    }
    if any(value or place + 1 in behind for place, own in enumerate(pairs) for label, value in own if label in labels):
        loose = [place for place, own in enumerate(pairs) if not own and place not in behind]
        if not loose:
            return True
        text, head = texts[loose[0]], "" if above is None else plain_header(sheet.texts(above, [columns[loose[0]]])[0])
        is_entry = plain_header(text) in words or text.isdigit() or (head not in {"", *SERIALS} and TITLE_WORDS.search(text) is None)
        return len(loose) == 1 and not is_entry
    known = [plain_header(text) for text in texts]
    return (
        len(texts) > 1 and len(texts) % 2 == 0 and all(text in labels for text in known[::2])
        and not any(text in words or text in _OTHER_LABELS for text in known[1::2])
    )


def fields_of_title(
    sheet: Sheet, rows: Sequence[int], vocabulary: Vocabulary, *, held: Collection[str], blank: Collection[str], file: Path, is_day_open: bool,
) -> TitleFields:
    """What the title rows of a table give for all its rows, else the name of its sheet.

    Parameters
    ----------
    rows
        Positions of the title rows.
    held, blank
        Fields that a column gives; fields whose column holds nothing.
    is_day_open
        Whether the columns do not say the day.
    """
    labels = title_labels(vocabulary)
    labelled, loose = _said(sheet, rows, labels)
    found = TitleFields()
    for name, *others in vocabulary.titled:
        if (name in held and name not in blank) or any(other in held for other in others):
            continue
        chosen = _chosen(name, labelled, labels, found)
        if chosen is None and name not in found.doubtful:
            chosen = _activity(loose, sheet, file) if name == vocabulary.context else _host(loose, labelled)
        if chosen is not None and not (name in blank and not chosen.label):
            found.given[name] = chosen.text
            if chosen.row >= 0:
                found.lines.append(TitleLine(chosen.label or name, "", chosen.row))
    if vocabulary.dated and is_day_open:
        _add_day(found, vocabulary, labelled, [*loose, Said("", sheet.name, -1)], labels, held)
    return found


def year_of_title(texts: Sequence[str]) -> int | None:
    """The year that the first of some texts with any names; None where it names several."""
    for text in texts:
        years = {int(year) for year in YEAR.findall(text)}
        if years:
            return years.pop() if len(years) == 1 else None
    return None


def names_day(text: str) -> bool:
    """Whether a cell of a moment says anything of its day: 14:05 does not."""
    return _HAS_DAY.search(unicodedata.normalize("NFKC", text)) is not None


def _cells(sheet: Sheet, row: int) -> list[str]:
    columns = [j for j in range(len(sheet.columns)) if sheet.filled[row, j]]
    return [unicodedata.normalize("NFKC", text).replace("_", " ").strip() for text in sheet.texts(row, columns)]


def _said(sheet: Sheet, rows: Sequence[int], labels: Mapping[str, object]) -> tuple[list[Said], list[Said]]:
    """Labelled and unlabelled texts of the title rows; a label may have its text in the next cell."""
    labelled: list[Said] = []
    loose: list[Said] = []
    for row in rows:
        texts = _cells(sheet, row)
        while texts:
            text = texts.pop(0)
            before, pairs = _split(text, labels)
            is_bare = not pairs and plain_header(text) in labels
            if (is_bare or (pairs and not pairs[-1][1])) and texts and plain_header(texts[0]) not in labels and not _split(texts[0], labels)[1]:
                pairs = [(plain_header(text), texts.pop(0))] if is_bare else [*pairs[:-1], (pairs[-1][0], texts.pop(0))]
            elif is_bare:
                continue
            labelled += [Said(label, value, row) for label, value in pairs if value]
            if before and not (is_bare and pairs):
                loose.append(Said("", before, row))
    return labelled, loose


def _split(text: str, labels: Mapping[str, object]) -> tuple[str, list[tuple[str, str]]]:
    """A text before its first label, and label after label with what stands behind it."""
    text = _closed_up(text, labels)
    starts: list[tuple[int, int, str]] = []
    for colon in _COLON.finditer(text):
        words = _WORDS_BEFORE.search(text, starts[-1][1] if starts else 0, colon.start())
        if words is not None:
            run = re.sub(r"\s*\(.*", "", words[0]).strip()
            cut = _label_in(run, labels, is_behind_value=re.search(r"[:\d]\s*$", text[: words.start()]) is not None)
            if starts and not cut and not _is_label(run, labels) and not _APART.search(text[starts[-1][1] : words.start()].removeprefix(" ")):
                continue  # 活动名称：我们的节日：端午
            starts.append((words.start() + cut, colon.end(), run[cut:]))
    if not starts:
        return text, []
    ends = [*(begin for begin, _, _ in starts[1:]), len(text)]
    pairs = [(_known(label, labels) or label, text[after:end].strip(" ,;、。")) for (_, after, label), end in zip(starts, ends, strict=True)]
    return text[: starts[0][0]].strip(" ,;、。"), pairs


def _label_in(run: str, labels: Mapping[str, object], *, is_behind_value: bool) -> int:
    """Where in some words before a colon the label begins, as the text of the label before it may end in them: 健康讲座日期."""
    if _known(run, labels) is None:
        least = 1 if is_behind_value else _LONGEST_WORD_BEFORE + 1
        for i in range(least, len(run) - 1):
            if run[i:] in _ENDS_NAMES and not _UNIT_OF_TIME.fullmatch(run[:i]):
                continue
            if run[i:] in _OTHER_LABELS or (run[i:] in labels and not _OF_SOMETHING_ELSE.search(run[:i])):
                return i
    return 0


def _is_label(run: str, labels: Mapping[str, object]) -> bool:
    """Whether some words before a colon are a label, be it one of something else (制表日期), and no part of a text."""
    return _known(run, labels) is not None or run in _OTHER_LABELS or any(
        run[i:] in labels and _OF_SOMETHING_ELSE.search(run[:i]) for i in range(1, len(run))
    )


def _closed_up(text: str, labels: Mapping[str, object]) -> str:
    """Labels whose characters stand apart (日  期：) as they are written otherwise."""
    for word in sorted(labels, key=len, reverse=True):
        if not word.isascii():
            text = re.sub(rf"(?<![\u4e00-\u9fff]){r' *'.join(word)} *:", f"{word}:", text)
    return text


def _known(label: str, labels: Mapping[str, object]) -> str | None:
    """The label that a wording stands for: 本次活动地点, 培训地点 → 地点; None for one of something else."""
    if label in labels:
        return label
    before = _BEFORE_LABEL.match(label)
    bare = label[before.end() :] if before else label
    if before and before[0] and bare in {"名称", "主题", "内容", ""}:
        bare = "活动名称"
    return bare if bare in labels else None


def _chosen(name: str, labelled: Sequence[Said], labels: Mapping[str, tuple[str, int]], found: TitleFields) -> Said | None:
    """What is said of a field under the label that says it best; a label that says two things is doubtful."""
    own = sorted((said for said in labelled if said.label in labels and labels[said.label][0] == name), key=lambda said: labels[said.label][1])
    texts = [said._replace(text=_PIECES.split(said.text)[0].strip()) for said in own]
    best = [said for said in texts if said.label == texts[0].label and said.text]
    if len({said.text for said in best}) > 1:
        found.doubtful[name] = tuple(best)
        return None
    return best[0] if best else None


def _activity(loose: Sequence[Said], sheet: Sheet, file: Path) -> Said | None:
    """What a sheet is about, by its titles without a label, its own name or that of the file."""
    texts = [*loose, Said("", sheet.name, -1), Said("", file.stem, -1)]
    return next((said._replace(text=core) for said in texts if (core := _context_text(said.text))), None)


def _host(loose: Sequence[Said], labelled: Sequence[Said]) -> Said | None:
    """The only community that stands in the titles by itself, where the host is named after it: 走进社区 is none."""
    hosts = [said.text for said in labelled if said.label in _HOSTS]
    units = {word: said.row for said in loose for word in DAY.sub(" ", said.text).split() if _UNIT.fullmatch(word)}
    named = [word for word in units if any(host.startswith(word) for host in hosts)]
    return Said("", named[0], units[named[0]]) if len(units) == len(named) == 1 else None


def _context_text(text: str) -> str:
    """What a title is about: 健康讲座签到表 → 健康讲座; "" for the name of a month or of nothing."""
    core = re.sub(r"\(\s*\)", "", DAY.sub("", unicodedata.normalize("NFKC", text)))
    core = TITLE_WORDS.sub("", "".join(core.split()))
    core = re.sub(r"^(?:20\d{2}年?)?(?:\d{1,2}月)?(?:\d{1,2}日)?", "", core)
    return "" if NO_CONTEXT.fullmatch(core) else core


def _add_day(
    found: TitleFields, vocabulary: Vocabulary, labelled: Sequence[Said], loose: Sequence[Said], labels: Mapping[str, tuple[str, int]], held: Collection[str],
) -> None:
    """The day that a title says, and the time of day where no column does; several days are doubtful."""
    day_field, moment_field = vocabulary.dated
    own = [said for said in labelled if said.label in labels and labels[said.label][0] in vocabulary.dated]
    for texts in (own, [said for said in loose if said.row >= 0], [said for said in loose if said.row < 0]):
        days = [(said, match) for said in texts for match in DAY.finditer(unicodedata.normalize("NFKC", said.text))]
        if not days:
            continue
        whole = [tuple(int(part) for part in match.groups() if part) for _, match in days]
        if len({parts[-2:] for parts in whole}) > 1 or len({parts[0] for parts in whole if len(parts) > 2}) > 1 or any(
            _MORE_DAYS.match(unicodedata.normalize("NFKC", said.text), match.end()) for said, match in days
        ):
            found.doubtful[day_field] = tuple(dict.fromkeys(said for said, _ in days))
            return
        said, match = max(days, key=lambda day: bool(day[1][1] or day[1][4]))
        found.given[day_field] = "".join(match[0].split())
        found.dated = True
        found.lines.append(TitleLine(said.label or day_field, found.given[day_field], said.row))
        if moment_field not in held and (clock := next((c[0] for one in own if (c := _CLOCK.search(DAY.sub(" ", one.text)))), "")):
            found.given[moment_field] = "".join(clock.split())
        return
