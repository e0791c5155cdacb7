"""Where in a text somebody's door is written: building, unit and room in words or figures, a house of a road or a village.

Most of it is told by a sign (3号楼2单元501, 和平路180号); figures alone (3-2-501) are a door where they can be no date, score,
version or part of a longer number. The search of written files wants certainty, so it has its own, smaller forms.

Signs are rare and found at once, and a door begins with a numeral or letter near one: only there the long pattern is tried.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import TypeAlias

from commresearch.cleaning.text_spans import DIVIDER

Bounds: TypeAlias = tuple[int, int]

_N = r"(?:[0-9]{1,4}|[一二三四五六七八九十百〇零两]{1,4})"
_BUILDING = rf"(?:{_N}[A-Za-z]?|(?<![A-Za-z])[A-Za-z])[ ]?(?:号楼|栋|幢|座|号院|#楼|#)"
_UNIT = rf"{_N}[ ]?(?:单元|门洞)"
_FLOOR = rf"(?:{_N}[ ]?[层楼][ ]?)?"
_NOT_A_ROOM = r"(?![0-9年月日人元户个天米平㎡%.多余次])"
_ROOM = (
    rf"(?:[0-9]{{1,2}}[A-Za-z]?[0-9]{{2}}{_NOT_A_ROOM}(?:室|号房|房|号)?|{_N}[ ]?(?:室|号房)"
    r"|[一二三四五六七八九十〇零]{3,4}(?:室|号房|号)?(?![年月日人元户]))"
)
_ROOM_OR_SIDE = rf"(?:{_ROOM}|[ ,-]?(?:东|西|中)(?:门|户))"
_INSIDE = (
    rf"{_BUILDING}[ ,-]?{_UNIT}[ ,-]?{_FLOOR}{_ROOM_OR_SIDE}?|{_BUILDING}[ ,-]?[0-9]{{1,2}}-[1-9][0-9]{{2,3}}(?![0-9-])"
    rf"|{_BUILDING}[ ,-]?{_FLOOR}{_ROOM}|{_UNIT}[ ,-]?{_FLOOR}{_ROOM_OR_SIDE}"
)
#: a house by its road: numbers up to 31 may be days (修和平路12号开始), and what stands before or near a house is a public place
_ROAD = r"(?:(?<=[\u4e00-\u9fff]路)|(?<=[\u4e00-\u9fff][街巷])|(?<=大道)|(?<=胡同)|(?<=[0-9]弄))"
_NO_ROAD = "".join(f"(?<!{c}[路街])" for c in "条修堵铺道马网线走上下逛赶扫步来去回顺的")
_LARGE = r"(?:[0-9]{3,4}|3[2-9]|[4-9][0-9]|[一二三四五六七八九]百[零一二三四五六七八九十]{0,4}|[四五六七八九]十[一二三四五六七八九]?)"
_NOT_A_HOUSE = r"(?!\s?(?:[楼院线路桩杆灯门口井车站厅馆旁边]|附近|对面|对过|公交|周边|一带|左右|前|后))"
_ENDS = r"(?=$|[\0\s,。;:!?、()\"'|<>┋→〖〗]|[的住家])"
_HOUSE = (
    rf"{_ROAD}(?:{_LARGE}(?:-[0-9]{{1,3}})?[ ]?(?:弄(?:{_N}号)?|号){_NOT_A_HOUSE}"
    rf"|{_NO_ROAD}(?:[0-9]{{1,2}}|[一二三四五六七八九十]{{1,3}})(?:-[0-9]{{1,3}})?[ ]?号{_ENDS})"
)
#: a house of a village or of a group of it; small numbers may be days (我们村3号停水), as with a road
_NO_VILLAGE = "(?<!石家庄)" + "".join(f"(?<!{c}[村屯庄寨])" for c in "全本我们该各每贵整农乡到进回下出")
_GROUP = r"(?:(?<![第0-9])[0-9]{1,2}|(?<![第一二三四五六七八九十])[一二三四五六七八九十]{1,3})[ ]?(?:村民)?小?组"
_COTTAGE = (
    r"(?=[0-9一二三四五六七八九十])"
    rf"(?:(?:{_GROUP}|(?<=[\u4e00-\u9fff][村屯庄寨])(?:{_GROUP})?)[ ]?{_LARGE}(?:-[0-9]{{1,3}})?[ ]?号{_NOT_A_HOUSE}"
    rf"|(?:{_GROUP}|(?<=[\u4e00-\u9fff][村屯庄寨]){_NO_VILLAGE}(?:{_GROUP})?)[ ]?(?:[0-9]{{1,2}}|[一二三四五六七八九十]{{1,3}})(?:-[0-9]{{1,3}})?[ ]?号{_ENDS})"
)
_DOOR = re.compile(
    rf"{_INSIDE}|(?<=[路街巷道弄里同]){_N}(?:-[0-9]{{1,3}})?[ ]?[号弄][^,。;:!?\0\n]{{0,12}}?(?:{_INSIDE}|{_ROOM}|{_UNIT})|{_HOUSE}|{_COTTAGE}"
)
_BEGINS = re.compile("[0-9A-Za-z一二三四五六七八九十百〇零两]")  #: every door does
_SIGN_OF_DOOR = re.compile(r"号[楼院]|[栋幢座#弄]|单元|门洞|[路街巷道里同村屯庄寨组] ?[0-9一二三四五六七八九十百〇零两]{1,6}(?:-[0-9]{1,3})? ?号")
_MEASURE = r" ?[元块万年月日人口个次天度分秒米平㎡%多余期岁路名]"  #: what follows amounts, scores and years, and no room
_HOME = re.compile(
    r"(?:家住|家在|我住|住在|住址|家庭地址|住宅|地址|门牌号?|房号)[是为在: ]{0,2}"
    r"([^,。;:!?\0\n]{0,24}?(?:(?<![0-9-])[0-9]{1,3}[A-Za-z]?-[0-9]{1,2}-[0-9]{2,4}(?![0-9-])"
    rf"|(?<![0-9-])[0-9]{{1,3}}-[0-9]{{3,4}}(?![0-9-]|{_MEASURE})|(?:[路街巷道弄同]|里(?<![这那哪家群]里)){_N}[ ]?号(?![楼院线])))"
)
_REACH = (8, 60)  #: how far around a sign of a door its address may reach

#: figures alone are told by their last part, because a hyphen before three digits is rare and found at once
_ROOM_IN_FIGURES = re.compile(r"-[1-9][0-9]{2,3}(?![0-9A-Za-z_-]|\.[0-9]| ?[年元米㎡%])")
_BEFORE_ROOM = re.compile(
    r"(?<![0-9A-Za-z._-])(?<![0-9A-Za-z.]/)(?<![第图表注])(?:[1-9][0-9]?-)?(?P<building>[A-UW-Za-uw-z]?[1-9][0-9]{0,2}[A-Za-z]?(?:#-?|-))(?P<unit>[0-9]{1,2})\Z"
)
#: building and room alone are a door straight behind a word for somebody's home (我家3-501)
_BEFORE_ROOM_OF_HOME = re.compile(
    r"(?:(?:[我们俺咱他她爷奶姥爸妈舅姨叔伯姑姐哥弟妹]|邻居)家[里中]?|[我家]住|住在|家在)[是为在: ]{0,2}(?P<building>[1-9][0-9]?[A-Za-z]?)\Z"
)
_FLAT = re.compile("[1-9][0-9]?(?:0[1-9]|[1-3][0-9])")  #: floor and flat
_NOT_MEASURED = re.compile(f"(?!{_MEASURE})")
_LONGEST_BEFORE_ROOM = 12
_CENTURIES, _DAYS, _MONTHS = ("19", "20"), 31, 12
_NO_DATE_BEHIND = ("家", "住")
_SERVICE_LINES = ("400-", "800-")


def find_doors(text: str) -> Iterator[Bounds]:
    """Doors in a plain text, by a sign of one or in figures alone."""
    yield from find_doors_in_figures(text)
    if text.isascii() and "#" not in text:
        return
    done = 0
    for sign in _SIGN_OF_DOOR.finditer(text):
        start = max(done, sign.start() - _REACH[0])
        start = max(start, text.rfind(DIVIDER, start, sign.start()) + 1)
        for begin in _BEGINS.finditer(text, start, sign.end() + 1):
            if begin.start() >= done and (match := _DOOR.match(text, begin.start(), sign.end() + _REACH[1])):
                done = match.end()
                yield match.span()
    yield from (m.span(1) for m in _HOME.finditer(text))


def find_doors_in_figures(text: str) -> Iterator[Bounds]:
    """Building, unit and room in figures (3-2-501, 3#1-502), where they can be no date and no number of a service line; 3-501 of a home."""
    for room in _ROOM_IN_FIGURES.finditer(text):
        before = _BEFORE_ROOM.search(text, max(0, room.start() - _LONGEST_BEFORE_ROOM), room.start())
        if before and before["building"] not in _SERVICE_LINES and not _is_date(before, room[0][1:]):
            yield before.start(), room.end()
        elif not before and _FLAT.fullmatch(room[0], 1) and _NOT_MEASURED.match(text, room.end()):
            home = _BEFORE_ROOM_OF_HOME.search(text, max(0, room.start() - _LONGEST_BEFORE_ROOM), room.start())
            yield from [(home.start("building"), room.end())] if home else ()


def _is_date(before: re.Match[str], room: str) -> bool:
    """Whether the parts may be day, month and year, in either order of the first two."""
    first, second = before["building"].removesuffix("-"), int(before["unit"])
    if len(room) < len("2001") or room[:2] not in _CENTURIES or not first.isdecimal() or before.string[before.start() - 1 : before.start()] in _NO_DATE_BEHIND:
        return False
    return max(int(first), second) <= _DAYS and min(int(first), second) <= _MONTHS


# ── what is certain ──────────────────────────────────────────────────────────────────────────────────────────────────────

_STAIRS, _BEFORE_STAIRS, _AROUND_STAIRS = "单元", 14, 32
_WHOLE_DOOR = re.compile(rf"{_BUILDING}[ ,-]?{_UNIT}[ -]?{_FLOOR}{_ROOM}")
#: a whole cell or line, or figures straight behind a Chinese word: elsewhere figures with hyphens are arithmetic, drawings and names of files
_OPENS = re.compile(r"(?:\A|[\n\0\t,;|\"'>:!?()〕、。]|[\u4e00-\u9fff] ?)\Z")
_CLOSES = re.compile(r"\Z|[\n\0\t,;|\"'<:!?()〔、。]| (?![0-9.-])|[\u4e00-\u9fff]")
_EXAMPLE = re.compile("如(?!果)|例|格式|样式|写作|写成|e\\.g\\.|such as|like")  #: questions show how an address is to be written
_EXAMPLE_WITHIN = 14
_PUBLIC = (
    "会议|活动|办公|教室|多功能|培训|阅览|图书|值班|警务|党|居委|村委|物业|服务|接待|调解|棋牌|书画|舞蹈|健身|食堂|餐|展|中心|公司|学校|医院|诊所|药店|超市"
    "|站|厅|库|馆|机房|会场|场地|集合|地点|房间|预约|借用|报名|咨询|office|room|venue"
)
#: a figure behind a building may count or measure anything (5号楼120盏路灯, 3号楼120家商户): it is a room only where the words end or go on like this
_ENDS_ROOM = r"(?=$|[\0\n\t,。;:!?、()\"'|<…~〔“”」』》】\]]|[ ](?![\u4e00-\u9fff])|[的住]|家(?![商店企单公门户住小餐沿底居]))"
#: building and room, or a house of a village, are somebody's home where nothing near says that they are a public place
_ROOM_OF_BUILDING = (
    r"(?:(?<![0-9A-Za-z.-])[1-9][0-9]{0,2}|(?<![第一二三四五六七八九十百])[一二三四五六七八九十]{1,3})(?:号楼|[栋幢])-?"
    rf"(?:{_FLAT.pattern}|[一二三四五六七八九十〇零]{{3,4}})(?:室|号房|号)?{_ENDS_ROOM}"
)
_HOUSE_OF_VILLAGE = (
    r"(?:(?<=[\u4e00-\u9fff][村屯庄寨区队])"
    rf"(?:{_GROUP}[ ]?(?:[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})|{_NO_VILLAGE}(?<![区队]){_LARGE})(?:-[0-9]{{1,3}})?[ ]?号)(?=$|[\0\s,。;:!?、()\"'|<]|[住家])"
)
_HOME_WITHOUT_STAIRS = re.compile(f"{_ROOM_OF_BUILDING}|{_HOUSE_OF_VILLAGE}")
_NUMERALS = "0-9一二三四五六七八九十〇零"
#: each begins with one sign, which is found at once
_SIGNS_OF_HOME = (re.compile(f"号(?:楼-?(?=[{_NUMERALS}])|(?<=[{_NUMERALS}]号)(?!楼))"), *(re.compile(f"{sign}-?(?=[{_NUMERALS}])") for sign in "栋幢"))
_BEFORE_SIGN, _BEHIND_SIGN = 16, 12
_NEAR = 12
_EDGES_OF_CELL = (("|", "|"), (">", "<"))
_PUBLIC_NEAR, _CLAUSE_ENDS = re.compile(_PUBLIC), re.compile(r"[\n\0,。;:!?、]")


def find_certain_doors(text: str) -> Iterator[Bounds]:
    """Doors that cannot be anything else, and are no example in a question."""
    for start, end in [*_with_all_parts(text), *_without_stairs(text)]:
        if not _EXAMPLE.search(text, max(0, start - _EXAMPLE_WITHIN), start):
            yield start, end


def _without_stairs(text: str) -> Iterator[Bounds]:
    """Building and room, and houses of villages, on whose line no public place is named near them."""
    for sign in () if text.isascii() else chain.from_iterable(pattern.finditer(text) for pattern in _SIGNS_OF_HOME):
        for match in _HOME_WITHOUT_STAIRS.finditer(text, max(0, sign.start() - _BEFORE_SIGN), sign.end() + _BEHIND_SIGN):
            if match.start() < sign.start() < match.end() and not _is_public(text, *match.span()):
                yield match.span()


def _is_public(text: str, start: int, end: int) -> bool:
    """Whether a public place is named in front of a door on its line, or straight behind it, or the door fills a cell of a page's table, as rooms do."""
    before, behind = text[max(0, start - _NEAR) : start].rpartition("\n")[2], _CLAUSE_ENDS.split(text[end : end + _NEAR], maxsplit=1)[0]
    return _PUBLIC_NEAR.search((before + DIVIDER + behind).lower()) is not None or (before.rstrip()[-1:], behind.lstrip()[:1]) in _EDGES_OF_CELL


def _with_all_parts(text: str) -> Iterator[Bounds]:
    for start, end in find_doors_in_figures(text):
        room = text[text.rfind("-", start, end) + 1 : end]
        if text[start].isdecimal() and _FLAT.fullmatch(room) and _OPENS.search(text, max(0, start - 2), start) and _CLOSES.match(text, end):
            yield start, end
    at, done = text.find(_STAIRS), 0
    while at >= 0:
        match = _WHOLE_DOOR.search(text, max(done, at - _BEFORE_STAIRS), at + _AROUND_STAIRS)
        if match and match.start() < at:
            done = match.end()
            yield match.span()
        at = text.find(_STAIRS, max(done, at + 1))
