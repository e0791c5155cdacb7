"""What a number counts: the noun beside it, and the class of its unit.

个, 项, 支 and their like say little of what is counted. The noun does, and it is looked for where Chinese puts it: behind the
number (87个社区), at the end of what 的 attaches (34个因评价不高的项目), else before it (实施项目248个).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from commresearch.comparison.claim_parser_tokens import Token
from commresearch.terms import UnitClass

#: units that say by themselves what is counted
BY_UNIT: Mapping[str, UnitClass] = MappingProxyType({
    **dict.fromkeys(("人", "名", "位", "口", "员"), UnitClass.PERSON),
    **dict.fromkeys(("人次", "户次"), UnitClass.PERSON_TIMES),
    **dict.fromkeys(("户",), UnitClass.HOUSEHOLD),
    **dict.fromkeys(("家", "委", "支部", "部门", "队", "院", "支"), UnitClass.ORGANISATION),
    **dict.fromkeys(("项", "种", "类", "大类", "小类", "份", "册", "本", "张", "套", "枚", "篇", "幅", "面", "盏", "棵", "株", "桶", "条次", "级", "式", "维度", "领域", "步", "道", "封"), UnitClass.ITEM),
    **dict.fromkeys((
        "处", "间", "座", "栋", "幢", "楼", "片区", "区", "社区", "小区", "街道", "网格", "站", "点", "所", "村", "镇", "市", "县", "室", "中心", "单元", "校", "厂", "床", "桌",
    ), UnitClass.PLACE),
    **dict.fromkeys(("场", "次", "场次", "课次", "期", "届", "节", "班", "轮", "课", "课时", "起"), UnitClass.EVENT),
    **dict.fromkeys(("元", "块", "块钱", "角"), UnitClass.MONEY),
    **dict.fromkeys(("平方公里", "平方千米", "平方米", "㎡", "亩", "公顷"), UnitClass.AREA),
    **dict.fromkeys(("公里", "千米", "厘米", "米"), UnitClass.LENGTH),
    **dict.fromkeys(("年", "年度", "月", "个月", "日", "天", "周", "小时", "分钟", "时"), UnitClass.DURATION),
    "%": UnitClass.PERCENT, "‰": UnitClass.PERCENT, "百分点": UnitClass.PERCENTAGE_POINTS, "个百分点": UnitClass.PERCENTAGE_POINTS,
    "倍": UnitClass.MULTIPLE, "番": UnitClass.MULTIPLE,
})
_NOUNS: Mapping[UnitClass, tuple[str, ...]] = MappingProxyType({
    UnitClass.PERSON_TIMES: ("人次", "户次"),
    UnitClass.PERSON: (
        "党员", "志愿者", "居民", "干部", "群众", "人员", "人口", "老人", "老年人", "青年", "青少年", "学生", "儿童", "孩子", "骨干", "能人", "达人", "网格员", "社工", "工作者", "代表", "成员", "业主", "住户", "村民",
        "职工", "员工", "专家", "楼长", "楼栋长", "书记", "残疾人", "妇女", "宝妈", "人才", "先锋", "合伙人", "调解员", "指导员", "监督员", "师傅", "教师", "医生", "律师", "设计师", "规划师", "大学生", "退役军人", "租户", "骑手", "小哥",
    ),
    UnitClass.HOUSEHOLD: ("家庭", "户", "住户"),
    UnitClass.ORGANISATION: (
        "企业", "公司", "商户", "商家", "机构", "组织", "单位", "支部", "党组织", "党委", "党支部", "党小组", "协会", "队伍", "团队", "部门", "委员会", "合作社", "联盟", "学校", "高校", "医院", "银行", "服务队", "志愿队", "小分队", "分队",
        "工作室", "业委会", "物委会", "居委会", "联合会", "社团", "小组", "专班", "班组", "艺术团", "主体", "团体", "文艺队", "宣传队", "社会企业", "先锋队", "商业主体", "自组织", "商铺", "门店", "成员单位", "共建单位", "伙伴", "共建伙伴", "队",
    ),
    UnitClass.PLACE: (
        "社区", "小区", "片区", "网格", "街道", "乡镇", "镇街", "村", "站点", "站", "点位", "网点", "阵地", "场所", "空间", "中心", "驿站", "广场", "食堂", "房屋", "用房", "房间", "楼栋", "楼院", "楼", "区域", "基地", "车位", "停车位", "泊位", "公园",
        "书屋", "书吧", "活动室", "场地", "店铺", "庭院", "花园", "院落", "区县", "县", "市", "区", "充电桩", "车棚", "市场", "展厅", "大厅", "站室", "功能室", "室", "家园", "院", "单元", "楼宇", "工坊", "车库", "国家", "街巷", "功能馆", "场馆", "书房", "床位", "设施点", "地块",
    ),
    UnitClass.EVENT: (
        "活动", "培训", "讲座", "会议", "演出", "课堂", "课程班", "市集", "集市", "走访", "调解", "比赛", "义诊", "宣讲", "议事会", "恳谈会", "座谈会", "沙龙", "招聘会", "党课", "联谊", "例会", "巡查", "培训班", "活动日",
    ),
    UnitClass.MONEY: ("资金", "经费", "款项"),
    UnitClass.ITEM: (
        "项目", "服务", "方面", "问题", "清单", "心愿", "微心愿", "诉求", "需求", "维度", "机制", "制度", "品牌", "措施", "事项", "事务", "功能", "课程", "岗位", "任务", "工程", "矛盾", "纠纷", "意见", "建议", "提案", "场景", "模式", "平台", "载体", "标准",
        "规范", "文件", "案例", "奖项", "荣誉", "称号", "实事", "设施", "设备", "摄像头", "路灯", "物资", "图书", "信息", "线索", "工单", "案件", "内容", "类别", "环节", "步骤", "流程", "岗", "产品", "菜品", "商品", "车辆", "成果", "经验", "指标", "职责",
        "树", "花草", "苗木", "电梯", "井盖", "管网", "阶段", "主题", "板块", "体系", "原则", "议题", "清单", "方案", "协议", "领域", "系列", "类型", "表", "微信群", "群组", "群", "行为", "政策", "资源", "层次", "途径", "渠道", "方式", "办法", "特点", "优势", "网络", "做法", "作品", "亮点", "公约", "章程", "条例", "微项目", "难题", "困难", "隐患", "民生", "件事", "实事好事", "好事",
    ),
})
_CLASS_OF = {noun: unit_class for unit_class, nouns in _NOUNS.items() for noun in nouns}
#: a noun of one sign stands at the end of its phrase; within one it belongs to another word (市民, 区域)
_LONGEST_FIRST = "|".join(re.escape(noun) if len(noun) > 1 else rf"{noun}(?![\u4e00-\u9fff])" for noun in sorted(_CLASS_OF, key=len, reverse=True))
_NOUN = re.compile(rf"{_LONGEST_FIRST}".replace("业主|", "业主(?!体)|"))
_ATTACHED = re.compile("因|由|以|用于|从|对|为|具有|关系|不|未|有|与|能|可")
_BREAK = re.compile("[的、和与及等了在将已均都]|成立|建立|设立|开展|提供")
_LISTS = frozenset("、和与及")
_GAP = 2  #: signs between two nouns of one phrase
_VERB = re.compile(
    r"(?:为|被|由|将|把|是|有|在|与|和|及|、|等|开展|组织|举办|实施|提供|服务于|设立|成立|建立|建成|打造|联合|入驻|参与|参加|签订|签约|推出|解决|覆盖|加入|获得|达到|实现|进行|完成|通过|组团|全部|共同|都|均|已|并|从|以|向|对|(?<!报)到|分别|形成|推动|吸引|带动"
    r"|落地|完善|划分|作为|用于|上岗|报名|受益|惠及|下沉|纳入|深入|分成|构成|组成|负责|认领|牵头|为主|以上)(?![率度量额数])"
)
_TRIM = re.compile(r"^[的余多大个名]+|[的了已达共约计等有为是]+$|^[各类各个多个等\"“”]+")
_CHANGE = re.compile(r"(?:同比|环比|较[^，。；]{1,12}前|比[^，。；]{1,12}前|比上年|较上年)?(?:下降|减少|降低|缩短|增长|提升|上升|增加|提高|上涨|翻|节省|节约|达到?|占比?|超过?|约)*(?:了|至|到|为)?$")
_FROM = re.compile(r"[由从][^由从]{0,8}[0-9][^由从]*$|[由从](?:原来的?|最初的?|过去的?)?$")
LONGEST_INDICATOR = 12
_COUNTED_LOOSELY = frozenset({"个", "项", "支", "件", "批", "种", "大", "条", "张", "套", "台", "部", "类", "大类", "小类", "份", "册", "组", "片", "起", "例", "方面", ""})
_TIMES = re.compile(r"[×xX*✕][0-9]+(?:小时|天)")  #: 7×24小时
_LOCAL = 8  #: signs within which a noun behind the number is its own


def unit_class_of(token: Token, *, is_rank: bool) -> UnitClass:
    """What is counted, by the unit, else by the noun; a thing that nothing else names is an item."""
    if is_rank:
        return UnitClass.RANK
    if _TIMES.match(token.text[token.end :]):
        return UnitClass.DURATION
    if token.value == 0 and token.unit == "":
        return UnitClass.EVENT
    behind = _class_behind(token)
    if token.unit in {"层", "处", "期", "条", "位", "名"} and (special := _by_noun(token, behind)) is not None:
        return special
    if token.unit in BY_UNIT:
        return BY_UNIT[token.unit]
    if behind is not None:
        return behind
    before = _class_before(token)
    return UnitClass.ITEM if before is None else before


def _by_noun(token: Token, behind: UnitClass | None) -> UnitClass | None:
    """Units that count places or persons unless the noun says otherwise."""
    if token.unit == "层":
        return UnitClass.PLACE if token.right[:1] in {"", "楼", "高", "建"} else UnitClass.ITEM
    if token.unit == "处":
        noun = behind if token.right.strip() else _class_before(token)
        return UnitClass.ITEM if noun is UnitClass.ITEM else None
    if token.unit == "条":
        return UnitClass.PLACE if behind is UnitClass.PLACE else UnitClass.ITEM
    if token.unit == "期":
        return UnitClass.ITEM if re.match(r"的?《|报|简报|刊", token.right) else None
    return UnitClass.ORGANISATION if behind is UnitClass.ORGANISATION else None


def noun_behind(token: Token) -> str:
    """The noun phrase behind a number, up to the first verb or sign; blank where the number ends its phrase."""
    text = token.right
    stop = _VERB.search(text)
    phrase = text[: stop.start()] if stop else text
    phrase = phrase.split("的")[-1] if "的" in phrase[:-1] else phrase
    return _tidy(phrase[:LONGEST_INDICATOR] if len(phrase) <= 2 * LONGEST_INDICATOR else "")


def noun_before(token: Token) -> str:
    """The noun phrase before a number: what the last verb of its clause acts on."""
    text = _TRIM.sub("", _CHANGE.sub("", _FROM.sub("", token.left)))
    stops = [m.end() for m in _VERB.finditer(text[:-1])]
    phrase = text[stops[-1] :] if stops and len(text) - stops[-1] >= 2 else text
    return _tidy(phrase[-LONGEST_INDICATOR:])


def indicator_of(token: Token) -> str:
    """Words that name what a number measures: for shares and measures what stands before it, else the noun behind it."""
    is_measure = BY_UNIT.get(token.unit) in {UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS, UnitClass.MONEY, UnitClass.AREA, UnitClass.DURATION, UnitClass.MULTIPLE, UnitClass.LENGTH}
    first, second = (noun_before, noun_behind) if is_measure else (noun_behind, noun_before)
    found = first(token)
    return found if len(found) > 1 else second(token)


def _tidy(phrase: str) -> str:
    return re.sub(r"[“”\"‘’《》()（）\s]", "", _TRIM.sub("", phrase))


def _class_behind(token: Token) -> UnitClass | None:
    """The class of the noun behind the number.

    Nouns that stand close together are one phrase, and its last noun is what is meant (社区社会组织); what begins with a preposition or a
    denial is attached by 的 to the noun behind it.
    """
    text = re.sub(r"[“”\"]", "", token.right)
    if _ATTACHED.match(text) and "的" in text:
        text = text.rsplit("的", 1)[1]
    if text[:1] in _LISTS:
        return None
    found, end = None, 0
    for match in _NOUN.finditer(text):
        if match.start() - end > (_GAP if found else _LOCAL) or (found and _BREAK.search(text[end : match.start()])):
            break
        found, end = match[0], match.end()
    return None if found is None else _CLASS_OF[found]


def _class_before(token: Token) -> UnitClass | None:
    """The class of the last noun before the number in its clause, else in its sentence (其中78个)."""
    for text in (token.left, token.sentence):
        found = [m[0] for m in _NOUN.finditer(re.sub(r"[“”\"]", "", text)[-2 * _LOCAL :])]
        if found:
            return _CLASS_OF[found[-1]]
    return None
