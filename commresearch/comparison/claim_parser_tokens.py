"""Numbers of one line of a press text with what stands around them.

The scanner of the ledger (`cases.numerals`) finds figures before units. Press texts hold more: thirds and tenths (三分之一, 七成),
round figures straight before a noun (百余企业, 近百商户), and ranges (3至5名). Whatever is found here has a place on its line,
bounds by the rules of the ledger, and the text to its left and right.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from commresearch.cases.numerals import DIGITS, SCALES, PrintedNumber, read_number, scan_numbers

NUMERAL = re.compile(r"[0-9０-９][0-9０-９,]*(?:[.．][0-9０-９]+)?|[〇零一二两三四五六七八九十百千万亿]+|[半首数]")
_DIGIT = "一二两三四五六七八九"
_BEFORE, _AFTER = "约|近|超过|超|逾|大约|接近|不足|不到|至少", "以上|以下|左右|上下"
_FRACTION = re.compile(rf"(?P<before>{_BEFORE})?(?P<parts>[二三四五六七八九十])分之(?P<count>[{_DIGIT}])(?P<after>{_AFTER})?")
_TENTHS = re.compile(rf"(?P<before>{_BEFORE})?(?<![{_DIGIT}0-9])(?P<tens>[{_DIGIT}1-9])成(?P<units>[{_DIGIT}半](?![个名家户人位项件条场次成十百千万]))?(?P<more>[多余])?(?P<after>{_AFTER})?(?![立员为了功果长都本熟效绩群])")
#: half of a whole, where a word of change, 占 or a qualifier says that it is an amount: 一半是 and 另一半 are none
_HALF = re.compile(
    rf"(?P<said>(?:增长|增加|提高|提升|上升|扩大|下降|减少|降低|缩短|压减|压缩|缩减|削减)了?|占比?)?(?P<token>(?P<before>{_BEFORE}|过)?(?:一半|半数)(?P<after>{_AFTER})?)"
)
#: a doubling without its number; 翻一番 and 翻两番 have theirs
_DOUBLED = re.compile("(?<=翻)番(?![新修茄薯])")
_ROUND = re.compile(
    r"(?:(?P<before>约|近|超过|超|逾|上|数)(?P<bare>[百千万]+)|(?P<more>[一二三四五六七八九]?[十百千万]+[余多]))(?=(?:专业|爱心|辖区|社会|共建|优质)?"
    r"(?:企业|商户|商家|单位|党员|居民|群众|干部|志愿者|学生|学子|青年|老人|老年人|家庭|社区|小区|机构|组织|项目|岗位|商铺|店铺))"
)
#: nothing of a kind is an amount too; 无 says so only where the phrase names what did not happen
_NONE = re.compile(
    r"零(?=(?:越级|重大|新增)?(?:上访|信访|投诉|事故|发案|案件|纠纷|上交|感染|违法|犯罪|差评|火灾|伤亡))(?:越级|重大|新增)?.."
    r"|无(?=[^，。、；无]{0,6}(?:上访|信访|事件|案件|事故|纠纷|投诉)(?:$|[，。、；的]|发生))[^，。、；]{0,6}?(?:上访|信访|事件|案件|事故|纠纷|投诉)"
)
_FIRST = re.compile(r"全[国省市区县](?:首创|第一|首位)(?![个家批名条座届次时])")
_JOIN = re.compile(r"\s*(?:至|到|—|–|-|~|～)+\s*")
_SCALE = re.compile(r"[万亿](?=[元人名户次余多个件平]|$)")
CLAUSE_END = re.compile(r"[，,。；;！!？?：:\n]")
SENTENCE_END = re.compile(r"[。！!？?；;\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A number on its line (`text`): its place, its printed form, the numeral in it, and what `PrintedNumber` knows of it."""

    text: str
    start: int
    end: int
    printed: str
    numeral: str
    value: float
    low: float
    high: float
    qualifier: str
    unit: str
    ordinal: bool
    is_range: bool = False

    @property
    def is_han(self) -> bool:
        """Whether the numeral is written in 汉字."""
        return not self.numeral[:1].isdigit()

    @property
    def left(self) -> str:
        """What stands before the number in its clause."""
        head = self.text[: self.start]
        ends = [m.end() for m in CLAUSE_END.finditer(head)]
        return head[ends[-1] if ends else 0 :]

    @property
    def right(self) -> str:
        """What stands after the number in its clause."""
        tail = self.text[self.end :]
        found = CLAUSE_END.search(tail)
        return tail[: found.start()] if found else tail

    @property
    def sentence(self) -> str:
        """What stands before the number in its sentence."""
        head = self.text[: self.start]
        ends = [m.end() for m in SENTENCE_END.finditer(head)]
        return head[ends[-1] if ends else 0 :]


def tokens_of(line: str) -> list[Token]:
    """Every number of a line, left to right; numbers joined to a range are one."""
    extra = [*_fractions(line), *_tenths(line), *_halves(line), *_rounds(line), *_in_words(line)]
    taken = [(t.start, t.end) for t in extra]
    plain = [_token(line, n) for n in scan_numbers(line) if not any(a < n.end and n.start < b for a, b in taken)]
    return _joined(sorted([*plain, *extra], key=lambda t: t.start))


def read_printed(printed: str) -> Token | None:
    """The number in one printed form, or None where it holds none or several: what `tokens_of` prints, and all that the ledger may hold.

    A token that is read alone may lack the word that made it a number (百余 of 百余企业); the rules of the ledger read it then.
    """
    found = tokens_of(printed)
    if len(found) == 1:
        return found[0]
    number = read_number(printed)
    return None if number is None else _token(printed, number)


def _token(line: str, number: PrintedNumber) -> Token:
    found = NUMERAL.search(number.printed)
    return Token(
        text=line, start=number.start, end=number.end, printed=number.printed, numeral=found[0] if found else number.printed, value=number.value,
        low=number.low, high=number.high, qualifier=number.qualifier, unit=number.unit, ordinal=number.ordinal,
    )


def _fractions(line: str) -> Iterator[Token]:
    """三分之一 as 33.3 percent: what is printed is a share of a whole."""
    for match in _FRACTION.finditer(line):
        parts, count = read_number(f"{match['parts']}个"), read_number(f"{match['count']}个")
        if parts is not None and count is not None and count.value < parts.value:
            yield _percent(line, match, 100 * count.value / parts.value, step=0.0)


def _tenths(line: str) -> Iterator[Token]:
    """七成 as 70 percent, 七成五 as 75, 六成八 as 68; 七成多 reaches up to 79, as 70多 does."""
    for match in _TENTHS.finditer(line):
        tens = read_number(f"{match['tens']}个")
        if tens is not None:
            yield _percent(line, match, 10 * tens.value + _units_of(match["units"]), step=9.0 if match["more"] else 0.0)


def _units_of(sign: str | None) -> int:
    """What stands behind 成: 六成八 is 68 percent, 三成半 is 35."""
    if sign is None:
        return 0
    return 5 if sign == "半" else DIGITS[sign]


def _halves(line: str) -> Iterator[Token]:
    """一半 and 半数 as 50 percent."""
    for match in _HALF.finditer(line):
        if match["said"] or match["before"] or match["after"]:
            found = _percent(line, match, 50.0, step=0.0)
            yield replace(found, start=match.start("token"), printed=match["token"], numeral=match["token"].removeprefix(match["before"] or "").removesuffix(match["after"] or ""))


def _percent(line: str, match: re.Match[str], value: float, *, step: float) -> Token:
    """A share in words; its qualifiers bound it as they bound a figure in digits."""
    words = [w for w in (match["before"], match.groupdict().get("more"), match["after"]) if w]
    low, high = value, value + step
    for word in words:
        if word in {"约", "大约", "左右", "上下"}:
            low, high = 0.95 * value, 1.05 * value
        elif word in {"近", "接近", "不足", "不到"}:
            low = 0.9 * value
        elif word in {"超", "超过", "过", "逾", "以上", "至少"}:
            high = math.inf
        elif word == "以下":
            low = 0.0
    return Token(
        text=line, start=match.start(), end=match.end(), printed=match[0], numeral=match[0].removeprefix(match["before"] or ""), value=value, low=low, high=high,
        qualifier="…".join(words), unit="%", ordinal=False,
    )


def _rounds(line: str) -> Iterator[Token]:
    """A round figure straight before a noun, read as it is before a unit."""
    for match in _ROUND.finditer(line):
        number = read_number(f"{match[0]}个")
        if number is not None:
            yield replace(_token(line, number), start=match.start(), end=match.end(), printed=match[0], unit="")


def _in_words(line: str) -> Iterator[Token]:
    """零投诉 and 无重大事故 as zero, 全国首创 and 全市第一 as first, 翻番 as one doubling."""
    for match in _DOUBLED.finditer(line):
        yield Token(text=line, start=match.start(), end=match.end(), printed=match[0], numeral="番", value=1.0, low=1.0, high=1.0, qualifier="", unit="番", ordinal=False)
    for pattern, value in ((_NONE, 0.0), (_FIRST, 1.0)):
        for match in pattern.finditer(line):
            numeral = match[0][:1] if value == 0 else match[0][2:3].replace("第", "一")
            yield Token(
                text=line, start=match.start(), end=match.end(), printed=match[0], numeral=numeral, value=value, low=value, high=value, qualifier="", unit="",
                ordinal=value > 0,
            )


def _joined(tokens: list[Token]) -> list[Token]:
    """Ranges as one number: low end of the first, high end of the second, and the middle for want of a better value."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if last is not None and not last.is_range and _is_range(last, token):
            start, end = last.start, token.end
            scale = _scale_shared(last, token)
            found[-1] = replace(
                token, start=start, end=end, printed=token.text[start:end], numeral=token.text[start : end - _unit_length(token)], value=(scale * last.value + token.value) / 2,
                low=scale * last.low, high=token.high, qualifier="至", is_range=True,
            )
        else:
            found.append(token)
    return found


def _is_range(first: Token, second: Token) -> bool:
    between = first.text[first.end : second.start]
    return bool(_JOIN.fullmatch(between)) and first.unit in {"", second.unit} and second.unit not in {"", "年", "月", "日", "时", "号"} and first.value < second.value


def _scale_shared(first: Token, second: Token) -> float:
    """What multiplies the first end of a range that leaves its scale to the second: 3至5万元."""
    if first.unit or (found := _SCALE.search(second.printed)) is None or _SCALE.search(first.printed):
        return 1.0
    scale = SCALES[found[0][0]]
    return float(scale) if scale * first.value < second.value else 1.0


def _unit_length(token: Token) -> int:
    return len(token.printed) - token.printed.find(token.numeral) - len(token.numeral)
