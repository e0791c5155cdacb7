"""Texts that simulated people write: fill-ins beside options, opinions, and the fictional persons themselves.

Names are a family name and two of the twenty-two cyclical signs; identity numbers carry a county code that was never given
out; mobile numbers lie in ranges that match the form and are not in use; bank cards carry the number of no bank; e-mail
and IP addresses lie in ranges reserved for examples.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commresearch.simulate.community_questionnaire import COMMUNITIES, PLACE
from commresearch.terms import Identifier

Array = NDArray[Any]
FAMILY_NAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗")
STEMS, BRANCHES = tuple("甲乙丙丁戊己庚辛壬癸"), tuple("子丑寅卯辰巳午未申酉戌亥")
COUNTIES = ("379901", "379902", "379903")
UNUSED_RANGES = ("161", "163", "169")
CARD_PREFIX = "620000"
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_DIGITS = np.array(list("10X98765432"))
PLATE_SIGNS = tuple("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")

OPENINGS = ("希望", "建议", "最好能", "盼望", "请", "能不能")
TOPICS = (
    "晚上延长活动室开放时间",
    "多办一些适合上班族的活动",
    "解决停车难",
    "增加充电桩",
    "楼道加装扶手",
    "公示物业费收支",
    "给老人送餐",
    "周末开放阅览室",
    "修好小广场的路灯",
    "多组织邻里聚会",
    "把群里的通知发全",
    "让孩子放学后有地方去",
)
CLOSINGS = ("。", "，谢谢！", "，越快越好。", "，我愿意帮忙。", "（最好周末）", "，面积约50㎡就够用😊", "，已反映①次")
PRAISES = (
    "网格员很热心",
    "活动室干净",
    "议事会说话算数",
    "食堂好吃不贵",
    "邻居互相帮忙",
    "公园离家近",
    "𠮷祥门口的花坛好看",
    "志愿者常来看望老人",
)
FILL_INS = ("家门口的问题", "停车", "充电", "看病不便", "照看孩子", "装电梯", "夜间照明", "宠物管理", "暂住亲戚家", "打零工")
ADDRESSES = "{place}{community}社区{building}号楼{entrance}单元{flat}室"


def write_opinions(name: str, n: int, rng: np.random.Generator) -> Array:
    """Free texts; some hold signs that need the whole of GB 18030."""
    if name == "praise":
        return _pick(PRAISES, n, rng)
    return np.asarray(_pick(OPENINGS, n, rng) + _pick(TOPICS, n, rng) + _pick(CLOSINGS, n, rng))


def write_fill_ins(n: int, share_with_separator: float, rng: np.random.Generator) -> Array:
    """Texts beside an option; a share of them holds the sign that separates options in an export."""
    two = rng.random(n) < share_with_separator
    return np.where(two, _pick(FILL_INS, n, rng) + "┋" + _pick(FILL_INS, n, rng), _pick(FILL_INS, n, rng))


def fictional_identifiers(identifier: Identifier, n: int, ages: Array, rng: np.random.Generator, year: int = 2026) -> Array:
    """Identifiers of people who do not exist, in the form in which people write them.

    Parameters
    ----------
    ages
        Completed years (n,): an identity number carries a birth date that fits.
    """
    if identifier is Identifier.NATIONAL_ID:
        return national_ids(np.asarray(year - ages - 1, dtype=np.int64), rng)
    return _IDENTIFIERS[identifier](n, rng)


def national_ids(birth_years: Array, rng: np.random.Generator) -> Array:
    """Eighteen-digit identity numbers with a sound check digit (GB 11643-1999) under a county code that does not exist."""
    n = len(birth_years)
    months, days, order = rng.integers(1, 13, n), rng.integers(1, 29, n), rng.integers(1, 1000, n)
    bodies = [
        f"{county}{year:04d}{month:02d}{day:02d}{serial:03d}"
        for county, year, month, day, serial in zip(_pick(COUNTIES, n, rng), birth_years, months, days, order, strict=True)
    ]
    digits = np.array([[int(sign) for sign in body] for body in bodies], dtype=np.int64).reshape(n, 17)
    checks = CHECK_DIGITS[(digits @ WEIGHTS) % 11]
    return np.array([body + str(check) for body, check in zip(bodies, checks, strict=True)], dtype=object)


def _names(n: int, rng: np.random.Generator) -> Array:
    return np.asarray(_pick(FAMILY_NAMES, n, rng) + _pick(STEMS, n, rng) + _pick(BRANCHES, n, rng))


def _mobiles(n: int, rng: np.random.Generator) -> Array:
    return np.asarray(_pick(UNUSED_RANGES, n, rng) + _digits(8, n, rng))


def _addresses(n: int, rng: np.random.Generator) -> Array:
    parts = zip(_pick(COMMUNITIES, n, rng), rng.integers(1, 40, n), rng.integers(1, 5, n), rng.integers(101, 1804, n), strict=True)
    return _objects([ADDRESSES.format(place=PLACE, community=c, building=b, entrance=e, flat=f) for c, b, e, f in parts])


def _bank_cards(n: int, rng: np.random.Generator) -> Array:
    """Nineteen digits that end in a sound check digit (Luhn: from the right, every second digit doubled, digits added up)."""
    bodies = [CARD_PREFIX + digits for digits in _digits(18 - len(CARD_PREFIX), n, rng)]
    digits = np.array([[int(sign) for sign in body] for body in bodies], dtype=np.int64).reshape(n, 18)
    doubled = np.where(np.arange(18) % 2 == 1, 2 * digits, digits)
    checks = -(doubled // 10 + doubled % 10).sum(axis=1) % 10
    return _objects([f"{body}{check}" for body, check in zip(bodies, checks, strict=True)])


def _plates(n: int, rng: np.random.Generator) -> Array:
    return _objects(["鲁Z" + "".join(rng.choice(PLATE_SIGNS, 4)) + str(d) for d in rng.integers(0, 10, n)])


_IDENTIFIERS: Mapping[Identifier, Callable[[int, np.random.Generator], Array]] = {
    Identifier.NAME: _names,
    Identifier.MOBILE: _mobiles,
    Identifier.LANDLINE: lambda n, rng: np.asarray("0609-5" + _digits(6, n, rng)),
    Identifier.ADDRESS: _addresses,
    Identifier.WECHAT: lambda n, rng: np.asarray("wxid_" + _digits(8, n, rng) + "moni"),
    Identifier.PLATE: _plates,
    Identifier.BANK_CARD: _bank_cards,
    Identifier.EMAIL: lambda n, rng: np.asarray("jumin" + _digits(6, n, rng) + "@example.com"),
}


def _pick(choices: tuple[str, ...], n: int, rng: np.random.Generator) -> Array:
    return np.array(choices, dtype=object)[rng.integers(0, len(choices), n)]


def _digits(places: int, n: int, rng: np.random.Generator) -> Array:
    return _objects([f"{number:0{places}d}" for number in rng.integers(0, 10**places, n)])


def _objects(texts: list[str]) -> Array:
    return np.array(texts, dtype=object)
