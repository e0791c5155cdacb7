"""Numbers as Chinese public texts print them: digits, 汉字 numerals, scales, qualifiers and units.

A printed number is more than its digits. "9.3万" is 93 000, "350余万元" is a bound, "近百" is another. This
module reads one printed token (`read_number`) and finds all of them in a line (`scan_numbers`); the ledger checks
its rows with the first and its completeness with the second.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

DIGITS = dict(zip("〇零一二三四五六七八九", (0, *range(10)), strict=True)) | {"两": 2}
SCALES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}

#: Units, longest first when compiled. A numeral in 汉字 counts as a number only before one of these.
UNITS = (
    "平方公里", "平方千米", "平方米", "公里", "千米", "厘米", "米", "亩", "㎡", "公顷", "吨", "公斤", "百分点", "个百分点", "%",
    "％", "‰", "倍", "万元", "元", "块钱", "块", "角", "人次", "户次", "场次", "课次", "件次", "课时", "人", "名", "位", "户",
    "家", "口", "岁", "个月", "年", "月", "日", "天", "周", "小时", "分钟", "届", "期", "年度", "时", "大类", "小类", "类",
    "种", "项", "件", "条", "个", "处", "间", "座", "栋", "幢", "套", "场", "次", "支", "批", "部", "台", "辆", "张", "份",
    "本", "册", "面", "盏", "幅", "篇", "棵", "株", "只", "组", "队", "例", "起", "宗", "桩", "轮", "层", "级", "楼", "片区",
    "区", "社区", "小区", "街道", "网格", "站", "点", "所", "方面", "方", "维度", "场景", "机制", "制度", "清单", "体系", "步",
    "环节", "门", "节", "课", "大", "岗", "支部", "单元", "单位", "员", "村", "镇", "市", "县", "校", "院", "厂", "委", "会",
    "部门", "网", "章", "版", "号", "集", "路", "线", "则", "道", "段", "句", "字", "封", "班", "床", "桌", "克", "度", "代",
    "师", "关", "笔", "桶", "番", "轴", "枚", "条次", "等奖", "个小时", "款", "宝", "项目", "领域", "档", "星", "户籍", "居",
    "式", "子", "力", "库", "室", "中心", "平台", "结合", "联动", "服务", "工程", "必", "会议",
)

PERCENT = "百分之"
#: two digits side by side, or a last digit straight after 百, 千 or 万
LOOSE = re.compile(r"[一二两三四五六七八九]{2}|[百千万][一二三四五六七八九]$")
VERBS = ("举办", "开展", "完成", "组织", "参加")  #: may stand between a qualifier and its number ("至少举办1场")
BEFORE = ("不少于", "不低于", "至少", "超过", "突破", "接近", "大约", "不足", "不到", "约", "近", "超", "逾")
AFTER = ("及以上", "及以下", "以上", "以下", "以内", "左右", "上下")
MORE = "余多"  #: also after the unit ("三个多月")
MORE_BEFORE = MORE + "来"  #: before the unit only: "十来个", but "14年来" is a span of time

_ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
#: 三十五点七 and 一点二万; 八点三十分 is a time of day, 两点一线 a turn of phrase
_DECIMAL = r"[〇零一二两三四五六七八九十百千万亿]+点[〇零一二三四五六七八九]+(?![十百千分半刻整钟线面滴〇零一二三四五六七八九])[万亿]*"
_HAN = rf"(?:百分之)?(?:{_DECIMAL}|[〇零一二两三四五六七八九十百千万亿]+)"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<ordinal>第|(?=首))?(?:(?P<before>{'|'.join(BEFORE)})(?:{'|'.join(VERBS)})?)?"
    rf"(?:(?P<digits>{_ARABIC})(?P<more1>[{MORE_BEFORE}])?(?P<scale>[十百千万亿]+)?|(?P<vague>[上数几])?(?P<han>{_HAN}|半(?=年|个?月|天|日|小时)|首))"
    rf"(?P<more2>[{MORE_BEFORE}几](?![自到源访]))?(?P<unit>大?(?:{_UNIT})|大)?(?P<more3>[{MORE}](?![元层功样]))?(?P<after>{'|'.join(AFTER)})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """One number as printed: its value in the plain unit, and what its qualifier allows.

    `low` and `high` bound the true value (`math.inf` where the wording sets no upper end); `qualifier` keeps the
    words, joined by "…" when two stand around the number; `unit` is the Chinese unit, scales already applied.
    """

    start: int
    end: int
    printed: str
    value: float
    low: float
    high: float
    qualifier: str
    unit: str
    ordinal: bool


def scan_numbers(line: str) -> list[PrintedNumber]:
    """Every number of one line, left to right: all Arabic ones, and 汉字 numerals that stand before a unit.

    Positions refer to the line as given; full-width digits count as digits.
    """
    plain = _halfwidth(line)
    found = []
    for match in _NUMBER.finditer(plain):
        is_bare_han = match["digits"] is None and match["unit"] is None and not match["han"].startswith(PERCENT)
        if is_bare_han or (number := _interpret(match, line)) is None:
            continue
        found.append(number)
    return found


def read_number(printed: str) -> PrintedNumber | None:
    """The number in one printed token, or None where it holds none or more than one.

    A 零 or 无 at the start of a token without another numeral reads as zero ("零上访").
    """
    plain = _halfwidth(printed)
    numbers = [n for m in _NUMBER.finditer(plain) if (n := _interpret(m, printed)) is not None]
    if len(numbers) == 1:
        return numbers[0]
    if not numbers and plain[:1] in {"零", "无"}:
        return PrintedNumber(start=0, end=len(printed), printed=printed, value=0.0, low=0.0, high=0.0,
                             qualifier="", unit="", ordinal=False)
    return None


def _halfwidth(text: str) -> str:
    """Full-width digits, dots and percent signs as ASCII, position by position (a full-width comma ends a clause)."""
    return "".join(unicodedata.normalize("NFKC", c) if c in "０１２３４５６７８９％．" else c for c in text)


def _interpret(match: re.Match[str], original: str) -> PrintedNumber | None:
    spelled = match["digits"] is None
    value = _han_value(match["han"]) if spelled else _arabic_value(match["digits"], match["scale"])
    if value is None:
        return None
    unit = "%" if spelled and match["han"].startswith(PERCENT) else _plain_unit(match["unit"] or "")
    step = _last_digit_step(match)
    if unit == "万元":
        value, step, unit = value * 10_000, step * 10_000, "元"
    words = _qualifiers(match)
    low, high = _bounds(value, step, words, vague=match["vague"])
    if match["vague"] in {"数", "几"}:
        value = low
    return PrintedNumber(
        start=match.start(), end=match.end(), printed=original[match.start() : match.end()],
        value=float(value), low=float(low), high=float(high), qualifier="…".join(words), unit=unit,
        ordinal=match["ordinal"] is not None,
    )


def _plain_unit(unit: str) -> str:
    """The unit without what only decorates it: 大片区 counts 片区, 个小时 are 小时."""
    plain = unit.replace("％", "%")
    if plain != "大类":
        plain = plain.removeprefix("大")
    return "小时" if plain == "个小时" else plain


def _arabic_value(digits: str, scale: str | None) -> Decimal:
    value = Decimal(digits.replace(",", ""))
    for character in scale or "":
        value *= SCALES[character]
    return value


def _han_value(text: str) -> Decimal | None:
    """Value of a 汉字 numeral; None where it is loose: a range ("二三十"), or a digit whose place is left out ("一万二")."""
    if text in {"半", "首"}:
        return Decimal("0.5") if text == "半" else Decimal(1)
    text = text.removeprefix(PERCENT)
    if "点" in text:
        return _decimal_value(text)
    if LOOSE.search(text):
        return None
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS[character]
        elif (scale := SCALES[character]) > 10_000:
            total, section, digit = (total + section + digit or 1) * scale, 0, 0
        elif scale == 10_000:  # 五亿三千万: what stands before 亿 is not multiplied again
            total, section, digit = total + (section + digit or 1) * scale, 0, 0
        else:
            section, digit = section + (digit or 1) * scale, 0
    return Decimal(total + section + digit)


def _decimal_value(text: str) -> Decimal | None:
    """Value of a numeral with a decimal point; a scale behind it multiplies the whole (一点二万)."""
    whole, _, behind = text.partition("点")
    value = _han_value(whole)
    digits = behind.rstrip("万亿")
    if value is None:
        return None
    value += Decimal("0." + "".join(str(DIGITS[sign]) for sign in digits))
    for sign in behind[len(digits) :]:
        value *= SCALES[sign]
    return value


def _last_digit_step(match: re.Match[str]) -> Decimal:
    """Place value of the last non-zero digit that was written: 10 for 350, 0.1万 for 9.3万, 100 for 六百."""
    if match["digits"] is None:
        value = _han_value(match["han"]) or Decimal(0)
        return _place(value)
    scale = _arabic_value("1", match["scale"])
    written = Decimal(match["digits"].replace(",", ""))
    return _place(written) * scale


def _place(value: Decimal) -> Decimal:
    if value == 0:
        return Decimal(1)
    exponent = value.normalize().as_tuple().exponent
    return Decimal(10) ** int(exponent)


def _qualifiers(match: re.Match[str]) -> list[str]:
    words = [match["before"], match["vague"], match["more1"] if match["digits"] else None, match["more2"], match["more3"], match["after"]]
    return [w for w in words if w]


def _bounds(value: Decimal, step: Decimal, words: list[str], *, vague: str | None) -> tuple[Decimal, float | Decimal]:
    """What the qualifiers allow, as closed ends; integers stay integers."""
    low: Decimal = value
    high: float | Decimal = value
    for word in words:
        if word in {"余", "多", "来", "几"}:
            high = value + step - (1 if step > 1 else 0)
        elif word in {"约", "大约", "左右", "上下"}:
            slack = max(value * Decimal("0.05"), step / 2)
            low, high = value - slack, value + slack
        elif word in {"近", "接近", "不足", "不到"}:
            low = value * Decimal("0.9")
        elif word in {"超", "超过", "逾", "突破", "以上", "及以上", "不少于", "不低于", "至少", "上"}:
            high = math.inf
        elif word in {"以下", "以内", "及以下"}:
            low = Decimal(0)
    if vague in {"数", "几"}:
        low, high = 2 * value, 10 * value - 1
    return low, high
