"""Which columns of a received table hold direct identifiers, by their headers and by what stands in them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.identifiers import column_identifiers
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.masking import with_names
from commresearch.cleaning.national_id import exact_birth_dates
from commresearch.cleaning.personal_names import name_cells, person_cells, person_places
from commresearch.cleaning.reference_tables import has_answer, reference_rows
from commresearch.cleaning.text_spans import JoinedTexts, Span, is_whole, plain_text
from commresearch.sources.raw_table import Question
from commresearch.terms import Identifier

COLUMNS = ("column", "identifier", "by", "share", "n")
#: a column whose cells are identifiers to at least this share is a column of identifiers; below, they are masked cell by cell
CONTENT_SHARE = 0.8
#: names are only likely ones: so many cells, this share of them names, this share of names different from each other
NAME_CELLS, NAME_SHARE, NAME_DISTINCT = 5, 0.65, 0.3
#: what the content has to show where a header is a word that also stands over answers (微信, 手机) or only contains one (请写下姓名和班级)
SUPPORT, UNCERTAIN_DISTINCT = 0.3, 0.3
#: answers that are met so often on average may be options of a choice; this share of them has to be names where one is asked for, if there are so many others
RECURRING, CHOICE_SHARE, MANY_OTHERS = 3, 0.6, 2

_SAMPLE = 2_000  #: distinct texts of a column by which it is judged
_LONGEST_NAME = 30
_LONGEST_ASIDE = 4  #: characters behind the address of a column of addresses
_BETWEEN_PARTS = re.compile(r"[\s,、;/:(]+")
_PART = re.compile(r"[^\s,、;/:()。!?┋]+")

_NUMBERING = re.compile(r"^\s*(?:第\s*\d+\s*题|[a-z]{0,2}\d{1,3})\s*[、.:)_\-\s]+")
_ASIDE = re.compile(r"[(\[【{]([^)\]】}]*)[)\]】}]")
_LEADING = re.compile(
    "^(?:请问|请|您|你|贵|本人|受访者|被访者|受访人|填表人|家长|监护人|紧急|联系人|居民|业主|户主|老人|学生|孩子|儿童|申请人|来电人|投诉人|报名人|参与者|参与人"
    "|家庭成员?|本户|的|填写|输入|留下|提供|登记|告知|写下|一下|常用|真实|有效|个人|完整|家里的?|家)"
)
_TRAILING = re.compile(r"(?:(?:以便|便于|方便|用于|仅用于|仅作|我们将|我们会).+|是什么|是多少|是|为|信息|一栏|[\d_:?!。,.]+)$")
#: a question for a person; one for the name of an organisation or a place ends alike
_WHO = re.compile("是谁|谁是|姓名|名字|叫什么|叫啥|哪一?[位个](?:是|书记|主任|楼长|楼栋长|单元长|网格员|网格长|社工|志愿者|管家|经理|老师|医生|民警|代表|居民|邻居|同志|人员|人)|是哪一?位")
_KNOWING = "知道|认识|认得|了解|清楚|熟悉|记得|见过|听说|听过"
#: whether something is known or done, which is answered with yes and no, or by who it is
_WHETHER = re.compile(f"是否|有没有|(?:{_KNOWING}).*[吗么嘛]")
#: an answer that names nobody, as it only says whether somebody is known
_NAMES_NOBODY = re.compile(f"[不没忘]|^[无未]|{_KNOWING}|[的过了]$|^其[他它]")
_WHAT = re.compile("(?:公司|单位|机构|企业|组织|品牌|[商店]|方|家|社区|小区|楼盘|学校|街道|[村路]|活动|物业|居委会?|业委会)的?(?:全称|名称)?(?:是谁|名字|叫什么|叫啥)|谁是.*(?:公司|单位|物业|[商方])$")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnContent:
    """What stands in one column, told from a sample of its distinct texts where there are many; cells are weighted by how often they occur.

    joined : the distinct texts
    found : spans of identifiers in them, by position; None where only a sample was looked at
    n, n_distinct : filled cells, and different texts among them
    whole, held : share of filled cells per class that are an identifier, and that hold one
    names, names_whole : share of filled cells with a name among their parts, and of those that are nothing but a name
    n_names : different names
    """

    joined: JoinedTexts
    found: Mapping[int, list[Span]] | None
    n: int
    n_distinct: int
    whole: Mapping[str, float] = field(default_factory=dict)
    held: Mapping[str, float] = field(default_factory=dict)
    names: float = 0.0
    names_whole: float = 0.0
    n_names: int = 0

    def share_held(self, identifier: str) -> float:
        """Share of filled cells that hold an identifier of a class, 0-1."""
        return self.names if identifier == Identifier.NAME else self.held.get(identifier, 0.0)

    def spans(self) -> Mapping[int, list[Span]]:
        """Identifiers in all distinct texts, by position."""
        return column_identifiers(self.joined) if self.found is None else self.found


def classify_columns(frame: pd.DataFrame, *, questions: Sequence[Question] | None = None) -> pd.DataFrame:
    """Columns that hold direct identifiers.

    Parameters
    ----------
    frame : DataFrame of str
        Received cells, "" where empty.
    questions : sequence of Question, optional
        Wording of the questions that columns belong to; read like a header.

    Returns
    -------
    DataFrame
        column, identifier (value of `terms.Identifier`), by ("name", "content", "both"), share (of the filled
        cells that hold such an identifier, 0-1), n (filled cells). Columns without identifiers are left out; a column whose
        cells hold some here and there is left out, too, and masked cell by cell.
    """
    wording = {column: question.text for question in questions or () for column in question.columns}
    rows = []
    for column in frame.columns:
        content = read_content(frame[column])
        headers = [str(column), wording.get(column, "")]
        if verdict := judge_column(headers, content):
            rows.append((column, *verdict, content.share_held(verdict[0]), content.n))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"share": "float64", "n": "int64"})


def judge_column(headers: Sequence[str], content: ColumnContent) -> tuple[str, str] | None:
    """Class of a column and by what it was told ("name", "content", "both"); None where it is no column of identifiers."""
    by_name = next((found for h in headers if (found := _by_header(h, content))), None) or (Identifier.NAME if asks_for_persons(headers, content) else None)
    by_content = _by_content(content)
    if by_content:
        return by_content, "both" if by_name else "content"
    return (by_name, "both" if content.share_held(by_name) >= SUPPORT else "name") if by_name else None


def asks_for_persons(headers: Sequence[str], content: ColumnContent, *, is_choice: bool = False) -> bool:
    """Whether a question asks who somebody is, and answers name persons, however few different ones.

    Of options (`is_choice`, answers that recur, or those to whether somebody is known) most have to be names, and one beside several others is not
    enough; answers that only say whether somebody is known are none of these.
    """
    if not asks_who(headers):
        return False
    joined = content.joined
    counts = np.bincount(joined.codes, minlength=len(joined.texts)) * has_answer(joined.texts)
    are_persons = np.isin(np.arange(len(counts)), [*persons_in(joined)]) & (counts > 0)
    is_answer = are_persons | ((counts > 0) & np.array([not _NAMES_NOBODY.search(plain.strip()) for plain in joined.plains], dtype=bool))
    n_persons, n_answers = int(are_persons.sum()), int(is_answer.sum())
    if is_choice or counts.sum() >= RECURRING * (counts > 0).sum() or any(_WHETHER.search(plain_text(h)) for h in headers):
        return n_persons > 0 and (n_answers - n_persons < MANY_OTHERS or n_persons >= max(2, CHOICE_SHARE * n_answers))
    return bool(n_persons and counts[are_persons].sum() >= SUPPORT * counts[is_answer].sum())


def asks_who(headers: Sequence[str]) -> bool:
    """Whether a header or a question asks who somebody is."""
    return any(_WHO.search(plain) and not _WHAT.search(plain) for plain in map(plain_text, headers))


def persons_in(joined: JoinedTexts, *, in_full: bool = False) -> dict[int, list[Span]]:
    """Persons whom short answers to who that is name, as a whole or in one of their parts (认识，是王建国), by position of the distinct text."""
    short = [(i, plain) for i, plain in enumerate(joined.plains) if len(plain) <= _LONGEST_NAME and not plain.isascii()]
    places = [(i, plain, *place) for i, plain in short for place in dict.fromkeys(_places(plain))]
    parts = [plain[start:end] for _, plain, start, end in places]
    found: dict[int, list[Span]] = {}
    for (i, _, start, end), part, is_person in zip(places, parts, person_cells(parts, in_full=in_full).tolist(), strict=True):
        if is_person and not _NAMES_NOBODY.search(part) and not (i in found and found[i][-1].end >= end):
            found.setdefault(i, []).append(Span(start, end, Identifier.NAME))
    return found


def _places(plain: str) -> Iterator[tuple[int, int]]:
    """Where persons may be named in an answer: as a whole, in its parts, and in parts of these, each behind what it lies in."""
    yield 0, len(plain)
    for part in _PART.finditer(plain):
        yield part.span()
        yield from ((part.start() + start, part.start() + end) for start, end in person_places(part[0]))


def spans_under(headers: Sequence[str], content: ColumnContent) -> dict[int, list[Span]]:
    """Identifiers and names in free text, by position of the distinct text; under a question who somebody is, persons whom short answers name are among them."""
    spans, persons = content.spans(), persons_in(content.joined) if asks_who(headers) else {}
    found = {i: [*spans.get(i, []), *persons.get(i, [])] for i in {*spans, *persons}} if persons else spans
    return with_names(content.joined, found, KnownValues({}))


def is_birth_column(headers: Sequence[str], cells: pd.Series) -> bool:
    """Whether a column holds birth dates: by a header that says so, or by one that contains such a word above dates to the day."""
    words = {row["word"] for row in reference_rows("birth_headers")}
    if any(candidate in words for header in headers for candidate in _candidates(header)):
        return True
    han = [word for word in words if not word.isascii()]
    filled = cells[cells.fillna("") != ""]
    return any(w in plain_text(h) for h in headers for w in han) and len(filled) > 0 and exact_birth_dates(filled).notna().mean() >= SUPPORT


def read_content(cells: pd.Series) -> ColumnContent:
    """Identifiers in the cells of one column."""
    joined = JoinedTexts(cells)
    counts = np.bincount(joined.codes, minlength=len(joined.texts)) * has_answer(joined.texts)
    step = max(1, len(counts) // _SAMPLE)
    looked = joined if step == 1 else JoinedTexts(pd.Series(joined.texts[::step], dtype="str"))
    weights = counts[::step] / max(1, counts[::step].sum())
    found = column_identifiers(looked)
    whole, held = Counter[str](), Counter[str]()
    for position, spans in found.items():
        held.update(dict.fromkeys({s.identifier for s in spans}, weights[position]))
        if is_whole(looked.texts[position], spans) or _begins_with_door(looked.texts[position], spans[0]):
            whole[spans[0].identifier] += weights[position]
    is_name, has_name = _names(looked.plains, weights)
    return ColumnContent(
        joined=joined, found=found if step == 1 else None, n=int(counts.sum()), n_distinct=int((counts > 0).sum()), whole=whole, held=held,
        names=float(weights[has_name].sum()), names_whole=float(weights[is_name].sum()), n_names=step * int(is_name.sum()),
    )


def _begins_with_door(text: str, first: Span) -> bool:
    """Whether a text is an address with a word behind it (3-2-501 业主): such cells are a list of homes, whatever the word is."""
    rest = sum(c.isalnum() for c in text[first.end :])
    return first.identifier == Identifier.ADDRESS and not text[: first.start].strip() and rest <= _LONGEST_ASIDE


def _names(texts: Sequence[str], weights: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which texts are a name, and which have one among their parts."""
    names, with_name = np.zeros((2, len(texts)), dtype=bool)
    candidates = [i for i in np.flatnonzero(weights).tolist() if len(texts[i]) <= _LONGEST_NAME and not texts[i].isascii()]
    names[candidates] = name_cells([texts[i] for i in candidates])
    with_name |= names
    for i in candidates:
        if not names[i] and len(parts := _BETWEEN_PARTS.split(texts[i])) > 1:
            with_name[i] = bool(name_cells(parts[:4]).any())
    return names, with_name


def _by_content(content: ColumnContent) -> str | None:
    if sum(content.whole.values()) >= CONTENT_SHARE:
        return max(content.whole, key=lambda k: content.whole[k])
    n_cells = content.names_whole * content.n
    are_names = content.names_whole >= NAME_SHARE and content.n_names >= max(NAME_CELLS, NAME_DISTINCT * n_cells)
    return Identifier.NAME if are_names else None


def _by_header(header: str, content: ColumnContent) -> str | None:
    """Class that a header names, where the content does not speak against it."""
    words = _header_words()
    for candidate in _candidates(header):
        if candidate in words:
            identifier, is_certain = words[candidate]
            is_answered = content.n_distinct >= max(2, UNCERTAIN_DISTINCT * content.n)
            if is_certain or is_answered or content.share_held(identifier) >= SUPPORT:
                return identifier
    plain = plain_text(header).lower()
    contained = (i for word, (i, is_certain) in words.items() if is_certain and len(word) > 1 and not word.isascii() and word in plain)
    return next((i for i in contained if content.share_held(i) >= SUPPORT), None)


@cache
def _header_words() -> Mapping[str, tuple[str, bool]]:
    return {row["word"]: (row["identifier"], row["certain"] == "yes") for row in reference_rows("identifier_headers")}


def _candidates(header: str) -> Iterator[str]:
    """What a header may say: without number and asides, an aside alone, the part after the last colon, without words of courtesy."""
    plain = _NUMBERING.sub("", plain_text(header).lower())
    core = _ASIDE.sub("", plain)
    parts = [core, *_ASIDE.findall(plain), re.split(r"[:/|]|_(?=[^\x00-\x7f])", core.rstrip(":"))[-1]]
    for part in parts:
        text = re.sub(r"[\s_]+", "", part)
        while text:
            yield text
            shorter = _TRAILING.sub("", text, count=1)
            text = shorter if shorter != text else (_LEADING.sub("", text, count=1) if _LEADING.match(text) else "")
