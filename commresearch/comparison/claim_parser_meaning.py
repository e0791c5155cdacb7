"""What a number's sentence says of it: the change or share it is, its period, its kind, its family.

All of it is a first guess for a person who confirms; where the wording decides nothing, the cell stays blank.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from commresearch.comparison.claim_parser_tokens import Token
from commresearch.terms import Comparison, Family, Headline, Kind, UnitClass

FALLS = "下降|减少|降低|缩短|下滑|压降|压减|缩减|回落"
RISES = "增长|提升|上升|增加|提高|上涨|增幅|扩大|翻"
_CHANGED = re.compile(rf"(?P<word>{FALLS}|{RISES}|增收)(?P<link>率|幅度|幅|比例)?(?P<to>至|到|为)?(?:了|达到|达|近)?$")
_YEAR_ON_YEAR = re.compile(r"同比|比上年|较上年|比去年|较去年|与上年|与去年|上年同期|去年同期")
_EARLIER = re.compile(r"(?:较|比|与|相比)[^，,。；]{0,14}(?:前|初|原来|以往|此前|同期)|环比|(?:较|比)(?:上月|上季度|年初)")
_TIMES_OF = re.compile(r"(?:是|为|达到?)(?:(?P<year>去年|上年)|原来|以前|此前|过去|.{0,6}前)[^，。；]{0,4}的$")
_BASELINE = re.compile(r"(?:由|从)(?:原来的|过去的|原先的|最初的|之前的)?[^，。；从由]{0,8}$")
_LEADS_TO = re.compile(rf"^[^，。；]{{0,6}}?(?:{FALLS}|{RISES}|发展|扩展|拓展|扩大|变|升)?[^，。；0-9]{{0,3}}(?:至|到|为)")
SAVED = re.compile(r"节省|节约|增收|减免|降低成本|收入")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a number is compared, and the word of change that belongs to its printed form."""

    comparison: Comparison
    verb: str = ""
    is_fall: bool = False


def change_of(token: Token, unit_class: UnitClass) -> Change:
    """What a number is compared with by its wording: another year, an earlier time, a whole, or nothing."""
    if unit_class is UnitClass.RANK:
        return Change(comparison=Comparison.RANK)
    is_relative = unit_class in {UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS, UnitClass.MULTIPLE}
    changed = _CHANGED.search(token.left)
    against_year = bool(_YEAR_ON_YEAR.search(token.left[-24:]))
    against_time = bool(_EARLIER.search(token.left[-30:]))
    if changed and changed["to"] is None and (is_relative or against_year or against_time or changed["word"] == "增收"):
        kept = changed["word"] != "增收"
        return Change(
            comparison=Comparison.YEAR_ON_YEAR if against_year else Comparison.BEFORE_AFTER,
            verb=token.left[changed.start() :] if kept else "", is_fall=kept and bool(re.match(FALLS, changed["word"])),
        )
    if unit_class is UnitClass.MULTIPLE and (times := _TIMES_OF.search(token.left)):
        return Change(comparison=Comparison.YEAR_ON_YEAR if times["year"] else Comparison.BEFORE_AFTER)
    if unit_class is UnitClass.PERCENT and (changed is None or changed["to"] is not None):
        return Change(comparison=Comparison.SHARE)
    return Change(comparison=Comparison.LEVEL)


def is_baseline(token: Token) -> bool:
    """Whether a number is where a change starts from: 由3个 增加到 5个."""
    return bool(_BASELINE.search(token.left)) and bool(_LEADS_TO.match(token.right))


def kind_of(token: Token, unit_class: UnitClass, change: Change, indicator: str) -> Kind:
    """Where a number stands between circumstances and results, by the verb of its clause."""
    around = token.left[-16:] + token.right[:10]
    near = token.left[-8:]
    if unit_class is UnitClass.RANK:
        return Kind.RANK
    if token.value == 0 or change.comparison in {Comparison.BEFORE_AFTER, Comparison.YEAR_ON_YEAR} or SAVED.search(near) or re.search(r"率|满意", indicator):
        return Kind.OUTCOME
    if unit_class is UnitClass.PERSON_TIMES or (unit_class in {UnitClass.PERSON, UnitClass.HOUSEHOLD} and re.search(r"服务|惠及|受益|参与|参加|覆盖|吸引|带动|接待|帮助|慰问", around)):
        return Kind.REACH
    if re.search(r"现有|辖区|常住|总人口|总面积|建筑面积|占地|共有|辖|建于|始建|位于|下辖|居住|老旧", token.left[-14:]):
        return Kind.CONTEXT
    if unit_class is UnitClass.EVENT or re.search(r"开展|举办|(?<![会党])组织|召开|走访", near):
        return Kind.ACTIVITY
    if unit_class in {UnitClass.MONEY, UnitClass.ORGANISATION, UnitClass.PERSON} and re.search(r"投入|筹|引入|引进|招募|聘|整合|撬动|联合|携手|签约|注入|捐|吸纳|动员|链接|选派|配备|发动|入驻", around):
        return Kind.INPUT
    if re.search(r"解决|化解|整改|办结|调解|办理|完成|改造|盘活|建成|打造|新建|新增|推出|设立|成立|安装|修缮|实施|收集|征集|认领|提供|培育|孵化|组建|累计|培养|荣获|获得|形成", around):
        return Kind.OUTPUT
    if unit_class in {UnitClass.DURATION, UnitClass.ITEM} or re.search(r"划分|设置|设有|分为|制定|明确|标准|制度", near):
        return Kind.DESIGN
    return Kind.INPUT if unit_class in {UnitClass.MONEY, UnitClass.ORGANISATION, UnitClass.PERSON} else Kind.CONTEXT


_FAMILIES: tuple[tuple[Family, re.Pattern[str]], ...] = tuple((family, re.compile(words)) for family, words in (
    (Family.SATISFACTION, "满意"),
    (Family.COMPLAINTS_DISPUTES, "投诉|纠纷|矛盾|信访|上访|工单|诉求|热线|调解|案件|警情"),
    (Family.YOUTH_PARTICIPATION, "青年|大学生|年轻人|青少年"),
    (Family.EMPLOYMENT, "就业|岗位|增收|创业|招聘|培训学员|用工"),
    (Family.FINANCE, "资金|基金|收入|经费|成本|费用|收益|捐"),
    (Family.SPACE_USE, "空间|闲置|场地|用房|阵地|使用率|利用率|平方米|场所|活动室"),
    (Family.PARTICIPATION, "参与|志愿|议事|党员|报到|协商|认领"),
    (Family.SERVICES, "服务|活动|项目|课|食堂|餐|培训|心愿|市集|讲座|演出|需求|助老|托管"),
    (Family.ORGANISATION, "网格|支部|党组织|组织|队伍|团队|机构|单位|企业|商户|委员会|社工|队"),
))


#: what a number of a class is mostly about where no word says more
_USUAL: Mapping[UnitClass, Family] = MappingProxyType({
    UnitClass.ORGANISATION: Family.ORGANISATION, UnitClass.EVENT: Family.SERVICES, UnitClass.ITEM: Family.SERVICES, UnitClass.MONEY: Family.FINANCE,
    UnitClass.PERSON_TIMES: Family.SERVICES, UnitClass.RANK: Family.ORGANISATION,
})


def family_of(token: Token, unit_class: UnitClass, indicator: str, kind: Kind) -> Family:
    """What a number is about, by the words of its name, then of its clause."""
    if kind is Kind.CONTEXT:
        return Family.CONTEXT
    for text in (indicator, token.left[-12:] + token.right[:8], token.sentence[-30:]):
        for family, words in _FAMILIES:
            if words.search(text):
                return family
    return _USUAL.get(unit_class, Family.CONTEXT)


def headline_of(token: Token, change: Change) -> Headline | None:
    """Which of the three headline outcomes a change or a rate bears on, where its clause names one."""
    around = token.left + token.right
    if change.comparison not in {Comparison.BEFORE_AFTER, Comparison.YEAR_ON_YEAR, Comparison.SHARE}:
        return None
    if re.search("青年|年轻", around) and "参与" in around:
        return Headline.YOUTH
    if re.search("投诉|矛盾|纠纷|信访", around):
        return Headline.COMPLAINTS
    return Headline.SPACE if re.search("空间|场地|用房|阵地", around) and re.search("使用|利用", around) else None
