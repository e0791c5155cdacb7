"""Why a number in a press text is no claim: a date, a name, a turn of phrase, a place in a list."""

import re

from commresearch.comparison.claim_parser_places import quotes_of, spans_of
from commresearch.comparison.claim_parser_tokens import Token
from commresearch.terms import NotClaim

#: units by which something is measured; a number before one is an amount even within a name (“15分钟服务圈”)
MEASURED = frozenset({
    "分钟", "小时", "天", "个月", "周", "米", "公里", "千米", "厘米", "平方米", "平方公里", "㎡", "亩", "公顷", "元", "万元", "%", "百分点", "个百分点", "人次", "户次", "场次", "倍", "吨", "公斤",
})
#: units that count things one by one; a numeral before any other word is part of a name or of a structure
COUNTING = MEASURED | frozenset({
    "人", "名", "位", "户", "家", "口", "年", "期", "届", "大类", "小类", "类", "种", "项", "件", "条", "个", "处", "间", "座", "栋", "幢", "套", "场", "次", "支", "批", "部", "台", "辆", "张", "份", "本",
    "册", "面", "盏", "幅", "篇", "棵", "株", "只", "组", "例", "起", "宗", "桩", "轮", "层", "片区", "社区", "小区", "街道", "网格", "所", "番", "月", "课时", "门", "节", "课", "岗", "村", "镇", "笔", "桶", "床", "桌",
    "班", "封", "枚", "条次", "件次", "课次", "款", "档", "段", "支部", "单元", "单位", "块", "步", "环节", "大", "项目", "领域", "维度", "场景", "道", "句", "字", "集", "章", "则", "员", "站", "点",
})
_PHRASES = re.compile(
    r"一(?:站式|体|方面|步|系列|定|些|样|般|直|起|同|道|致|律|旦|向|度|线|流|把手|老一小|揽子|条龙|条心|盘棋|张网|本账|家亲|家人|下子|大批|部分|部|次性|对一|心|刻|边|手|时|经|举|切|代|带|目了然|村一|键|窗|网通|门式|码|卡通"
    r"|事|社|户|人一|区一|格一|室多|岗多|专多|员多|企一|居一|月一|年一|季一|周一|日一|场一|楼一|院一|室一|点一|街一)"
    r"|进一步|统一|唯一|之一|第一时间|千家万户|千千万|千方百计|千军万马|千锤|万家|万户|万众|万象|百姓|百花|百年|百家争|百倍|四面八方|四通八达|五湖四海|三番|七嘴八舌|十分|十足|十全|万一|万事|万无|两难|两手|两不误|两全|一两"
    r"|[三四五六七八九]{2}|五颜六色|丰富多|独一|数一数二|大半|半天|半路|半边|多半|数字|数量|数据|几分|十字|[三四五六]位一体|年如一日|千条线|最后一公里|八小时(?=[”\"]?(?:之?以?外|[”\"]))|四点半|三点半|九宫|两端|两翼|两头|两边|双"
)
#: 一 before these is an article: 一个, 一批, 一支
_ARTICLE = frozenset({"个", "批", "条", "种", "项", "位", "名", "份", "支", "张", "件", "场", "次", "段", "大", "类", "套", "部", "片区", "方面", "片", "只", "本", "面", "道", "幅", "句", "组", "轮", "门", "点", "家", "座", "人", "户", "款", "笔",
                      "天", "起", "期", "块", "台", "步", "层", "篇", "字", "课", "号", "周", "年", "月", "日", "代", "度", "路", "线", "网", "站", "级", "式", "员", "口", "岗", "节", "区", "社区", "小区", "村", "街道", "网格"})
_SCOPE = re.compile(r"(?:全[国省市区县镇街]|[省市区县州]|国内)[^，。]{0,2}$|率先[^，。]{0,4}$")
_AWARDED = re.compile(r"荣获|获得|获评|入选|列入|被评为|全[国省市]")
_ALL = re.compile(r"全[国省市区县]|排名|位列|位居")
_YEAR_SIGNS = 4
_METHOD = re.compile(r"^[^，。；“”]{0,3}(?:工作法|法|诀|棋|经|曲)(?![律院人治])")  #: 四步工作法, 三字诀
_ENUMERATED = frozenset({"个", "支", "项", "大", "张", "条", "类", "件"})
_ENUMERATED_NOUN = re.compile(r"^(?:大)?(?:保障|功能|措施|平台|队伍|清单|机制|制度|体系|工程|行动|阵地|中心|载体|任务|项目|服务|岗位|活动|标准|问题)")
_TIERS = re.compile(r"^[^，。；]{0,6}(?:体系|架构|组织|网络)")
_SHARED_OUT = re.compile(r"每(?:[年月周天日季]|半[年月]|个?[户人名家栋月])$")  #: 每月一次, 每户一个
_SCALES_ALONE, _OF_THE_ORDER = frozenset("十百千万亿"), re.compile("级|大关|台阶")  #: 亿元级
_NEAR = 3  #: signs on either side within which a turn of phrase must begin


def reason_of(token: Token) -> NotClaim | None:
    """Why a number is no claim; None where it may be one."""
    placed = _by_place(token)
    if placed is not None:
        return placed
    if is_rank(token) or token.value == 0:
        return None
    if token.ordinal or token.numeral == "首":
        return NotClaim.ORDINAL
    return _of_han(token) if token.is_han else _of_digits(token)


def is_rank(token: Token) -> bool:
    """Whether a number tells a rank: 全市首家, 全省第3位, 山东省第一个, 首批获评, 一等奖."""
    if token.unit == "等奖":
        return True
    if not (token.ordinal or token.numeral == "首"):
        return False
    if token.unit == "次":
        return token.numeral == "首" and token.right.startswith("实现")
    if token.unit == "批":
        return bool(_AWARDED.search(token.left + token.right[:2]))
    if token.value == 1 and token.unit in {"家", "个", "座", "条", "所", "支", "项"}:
        return bool(_SCOPE.search(token.left))
    return (token.unit in {"名", "位"} and token.numeral != "首") or (token.unit == "" and bool(_ALL.search(token.left + token.printed)))


def stretch_of(token: Token) -> tuple[int, int, NotClaim] | None:
    """The stretch of the line that takes a number out of count (a date, a title), with its reason."""
    at = token.start + token.printed.find(token.numeral)
    return next((stretch for stretch in spans_of(token.text) if stretch[0] <= at < stretch[1]), None)


def _by_place(token: Token) -> NotClaim | None:
    """A reason by the stretch of the line in which the number stands."""
    if (stretch := stretch_of(token)) is not None:
        return stretch[2]
    at = token.start + token.printed.find(token.numeral)
    if not any(start <= at < end for start, end in quotes_of(token.text)):
        return None
    return None if token.value == 0 or _is_amount_in_name(token) or _SHARED_OUT.search(token.left) else NotClaim.NAME


def _is_amount_in_name(token: Token) -> bool:
    """What is measured or counted one by one within a name: “15分钟服务圈”, “六项措施”, “每月一次”."""
    if token.is_han:
        is_counted = token.unit in _ENUMERATED or _has_great(token)
        return token.value > 1 and (token.unit in MEASURED or (is_counted and bool(_ENUMERATED_NOUN.match(token.unit + token.right if _has_great(token) else token.right))))
    return token.unit in MEASURED


def _has_great(token: Token) -> bool:
    """Whether 大 counts: 五大平台."""
    return "大" in token.printed and token.unit != "大类"


def _of_han(token: Token) -> NotClaim | None:
    """Numerals in 汉字 are more often words than amounts."""
    if set(token.numeral) <= _SCALES_ALONE and token.qualifier == "" and _OF_THE_ORDER.match(token.right):
        return NotClaim.IDIOM
    if token.numeral.startswith("二") and len(token.numeral) == 1 and token.unit in COUNTING - MEASURED:
        return NotClaim.IDIOM  # 两 counts; 二次, 二手 and 二楼 do not
    if token.numeral == "一" and _SHARED_OUT.search(token.left):
        return None
    if _METHOD.match(token.right) and token.unit in {"步", "字", "句", "招", "式", "会", "事"}:
        return NotClaim.SLOGAN
    at = token.start + token.printed.find(token.numeral)
    for match in _PHRASES.finditer(token.text, max(0, at - _NEAR), min(len(token.text), at + 2 * _NEAR + len(token.numeral))):
        if match.start() <= at < match.end():
            return NotClaim.IDIOM
    if token.numeral == "一" and token.qualifier == "" and token.unit in _ARTICLE:
        return NotClaim.ARTICLE
    if token.unit == "级" and _TIERS.search(token.right):
        return None
    if token.unit not in COUNTING and token.unit != "" and not _has_great(token):
        return NotClaim.STRUCTURE if len(token.numeral) == 1 else NotClaim.NAME
    return None


def _of_digits(token: Token) -> NotClaim | None:
    """Digits are amounts unless they are a year, or stand alone as a code does."""
    digits = token.numeral.replace(",", "")
    if token.unit in {"年", "年度"} and len(digits) == _YEAR_SIGNS:
        return NotClaim.DATE
    if token.unit in {"号", "路", "线"}:
        return NotClaim.ADDRESS
    if token.unit == "" and len(digits) >= 5 and token.qualifier == "" and not token.text[token.end :].startswith("余"):
        return NotClaim.NAME
    return None
