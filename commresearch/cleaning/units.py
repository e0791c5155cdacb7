"""Units of measure beside a number in a cell, held against the unit that the codebook declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from commresearch.cases.numerals import SCALES
from commresearch.cleaning.parsed import PLAIN, Rule, half_width

PERCENT, SHARE, TENTHS, GENERIC = "%", "share", "成", "个"

#: Spellings of one unit of measure; the first is its name here.
_MEASURES = (
    ("元", "块", "块钱", "圆", "¥", "rmb", "cny", "yuan", "人民币"),
    ("岁", "周岁"),
    ("年", "years"),
    ("月", "个月", "months"),
    ("周", "星期", "个星期", "礼拜", "weeks"),
    ("天", "日", "days"),
    ("小时", "个小时", "钟头", "个钟头", "h", "hours"),
    ("分钟", "min", "minutes"),
    ("秒", "秒钟", "s", "seconds"),
    ("平方米", "平米", "平方", "平", "㎡", "m2", "m²"),
    ("平方公里", "平方千米", "km2", "km²"),
    ("亩",), ("公顷",),
    ("公里", "千米", "km"),
    ("米", "m"),
    ("厘米", "公分", "cm"),
    ("公斤", "千克", "kg"),
    ("斤",), ("克", "g"), ("吨", "t"),
    ("百分点", "个百分点", "percentage_points"),
    ("‰", "permille"),
    ("分",), ("角",), ("度",), ("倍",),
)
#: What is counted; 个 may stand for any of them.
_COUNTED = (
    (GENERIC, "count"),
    ("人", "名", "位", "口", "个人", "persons", "people"),
    ("人次", "person_times"), ("户次",), ("场次",), ("课次",), ("件次",),
    ("户", "households"),
    ("次", "回", "趟", "times"),
    *((word,) for word in (
        "家", "件", "项", "条", "张", "份", "本", "册", "台", "辆", "套", "间", "栋", "幢", "座", "层", "楼", "级", "星", "场", "期", "届", "门", "节",
        "课", "课时", "只", "棵", "盏", "组", "队", "例", "起", "宗", "部", "处", "批", "支", "所", "站", "村", "区", "片区", "社区", "小区", "街道",
        "网格", "篇", "步", "笔", "班", "床", "桌", "封", "幅", "面", "顿", "瓶", "盒", "袋",
    )),
)
_NAMES = {spelling: group[0] for group in (*_MEASURES, *_COUNTED) for spelling in group}
_NAMES |= dict.fromkeys((PERCENT, "percent", "百分比", TENTHS), PERCENT) | {"share": SHARE}
_COUNTABLE = {group[0] for group in _COUNTED}
#: short forms that only the declared unit makes clear
_SHORT = {("分", "分钟"), ("时", "小时"), ("m", "分钟")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredUnit:
    """The unit of a variable: 万元/月 has scale 10,000, text 元/月 and name 元; an unknown unit is its own name, "" is no unit."""

    name: str
    text: str
    scale: Decimal = Decimal(1)

    @property
    def takes_percent(self) -> bool:
        """Whether a percent sign agrees with it."""
        return self.name in {PERCENT, SHARE, ""}


def declared_unit(text: str) -> DeclaredUnit:
    """The unit that a codebook declares."""
    plain = _plain(text)
    head, slash, per = plain.partition("/")
    scale = Decimal(1)
    if head not in _NAMES and head[:1] in SCALES and (head[1:] in _NAMES or len(head) == 1):
        scale, head = Decimal(SCALES[head[0]]), head[1:]
    return DeclaredUnit(name=_NAMES.get(head, head), text=head + slash + per, scale=scale)


def unit_names() -> Mapping[str, str]:
    """Every known spelling of a unit, with the name of the unit."""
    return MappingProxyType(_NAMES)


def unit_name(text: str) -> str:
    """The name of a unit in a cell; "" where it is none that is known."""
    return _NAMES.get(_plain(text), "")


def judge_unit(text: str, declared: DeclaredUnit) -> str:
    """The refusal of a unit in a cell, because it is another than the declared one or no unit at all; else ""."""
    plain = _plain(text)
    name = _NAMES.get(plain, "")
    if not plain or plain == declared.text or _agree(plain, name, declared):
        return PLAIN
    is_known = name or _NAMES.get(plain.partition("/")[0], "")
    return str(Rule.UNREADABLE_UNIT if is_known else Rule.UNREADABLE_TEXT)


def _agree(plain: str, name: str, declared: DeclaredUnit) -> bool:
    if (plain, declared.name) in _SHORT:
        return True
    if not name:
        return False
    if name == PERCENT:
        return declared.takes_percent
    one_of_many = GENERIC in {name, declared.name}
    return declared.name in {"", name} or (one_of_many and {name, declared.name} <= _COUNTABLE)


def _plain(text: str) -> str:
    return half_width(text).strip().casefold()
