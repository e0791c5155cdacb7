"""A questionnaire on community operation in a pilot that does not exist.

Names of places are invented; none is the name of a community, a subdistrict or a district in the national list of divisions.
"""

from collections.abc import Sequence

from commresearch.simulate.questionnaire import Comparison, Item, Model, Option, Questionnaire, number_questions
from commresearch.terms import Identifier, Role, VariableType

PLACE = "滨海示范区"
PROVINCE, CITY = "海岚省", "滨海市"
STREETS = (("望汐街道", "Wangxi"), ("听澜街道", "Tinglan"), ("鸥渚街道", "Ouzhu"))
COMMUNITIES = (
    "云栖", "听潮", "望屿", "沐风", "归帆", "星渚", "鸥栖", "霞汀", "风荷渡", "芦影", "潮生", "霁月", "帆影", "沙鸥", "贝岸", "汐语", "暖屿", "云墨",
    "汐澜", "屿桥", "汀风", "蓝栀", "盐帆", "舟语", "听屿", "帆汀", "屿灯", "栖潮", "汐桥", "澜栀", "鸥语", "渚云", "潮栀", "蔚屿", "灯汀", "沐汐",
)
LIKERT_SHARES = (0.05, 0.12, 0.28, 0.37, 0.18)
SATISFACTION = (("非常不满意", "Very dissatisfied"), ("不太满意", "Rather dissatisfied"), ("一般", "Neither"), ("比较满意", "Rather satisfied"),
                ("非常满意", "Very satisfied"), ("不清楚", "Do not know"))
AGREEMENT = (("非常不同意", "Strongly disagree"), ("不太同意", "Disagree"), ("一般", "Neither"), ("比较同意", "Agree"), ("非常同意", "Strongly agree"))
SERVICE_ROWS = (
    ("办事便利", "Ease of getting things done"), ("环境卫生", "Cleanliness"), ("物业服务", "Property service"), ("文体活动", "Culture and sport"),
    ("公共空间开放", "Opening of public rooms"), ("议事协商", "Deliberation"), ("信息公开", "Openness of information"),
)
BELONGING_ROWS = (
    ("我愿意长期住在本社区", "I want to stay in this community", 1), ("邻里之间相互信任", "Neighbours trust each other", 1),
    ("我常常觉得自己是外人", "I often feel like an outsider", -1), ("社区的事我愿意出力", "I am willing to help with community matters", 1),
    ("社区好坏与我关系不大", "How the community fares concerns me little", -1), ("遇到困难有邻居可以求助", "A neighbour would help me", 1),
)
FACILITIES = ("活动室", "阅览室", "健身器材", "长者食堂", "儿童乐园", "停车位", "充电桩", "快递柜", "便民菜店", "无障碍坡道", "门禁", "路灯", "垃圾分类点", "小广场", "公厕", "雨棚")
YES_NO = (("是", "Yes"), ("否", "No"))
DID = (("参加过", "Yes, took part"), ("没有参加", "No"))
CONSENTED = (Comparison(name="consent", operator="=", value="1"),)
QUESTIONS_ON_PERSONS = {
    Identifier.NAME: ("name", "您的姓名（用于回访，可不填）", "Your name (for a call-back, optional)"),
    Identifier.MOBILE: ("mobile", "您的手机号码（用于回访，可不填）", "Your mobile number (for a call-back, optional)"),
    Identifier.NATIONAL_ID: ("national_id", "身份证号码（领取纪念品用，可不填）", "Identity number (for the thank-you gift, optional)"),
    Identifier.LANDLINE: ("landline", "固定电话（可不填）", "Landline (optional)"),
    Identifier.ADDRESS: ("address", "家庭住址（可不填）", "Home address (optional)"),
    Identifier.WECHAT: ("wechat", "微信号（可不填）", "WeChat id (optional)"),
    Identifier.PLATE: ("plate", "车牌号（登记车位用，可不填）", "Number plate (for a parking place, optional)"),
    Identifier.BANK_CARD: ("bank_card", "银行卡号（发放劳务费用，可不填）", "Bank card (for your fee, optional)"),
    Identifier.EMAIL: ("email", "电子邮箱（可不填）", "E-mail (optional)"),
}


def community_questionnaire(
    *, n_communities: int = 24, identifiers: Sequence[Identifier] = (Identifier.NAME, Identifier.MOBILE), facility_rows: int = 0
) -> Questionnaire:
    """The questionnaire: 41 questions, one more per identifier asked for, a matrix on facilities where `facility_rows` > 0."""
    items = [
        *_opening(n_communities), *_household(), *_participation(), *_opinions(), *_space_and_complaints(),
        *(_facility(i) for i in range(facility_rows)), *(_about_person(identifier) for identifier in identifiers),
    ]
    return number_questions(f"{PLACE}社区运营居民问卷（模拟数据）", items)


def _options(labels: Sequence[tuple[str, str]]) -> tuple[Option, ...]:
    return tuple(Option(value=str(i), zh=zh, en=en) for i, (zh, en) in enumerate(labels, 1))


def _single(name: str, zh: str, en: str, labels: Sequence[tuple[str, str]], shares: tuple[float, ...] = (), **more: object) -> Item:
    more.setdefault("asked_if", CONSENTED)
    more.setdefault("model", Model(shares=shares))
    return Item(name=name, type=VariableType.SINGLE, zh=zh, en=en, options=_options(labels), **more)  # type: ignore[arg-type]


def _multiple(name: str, zh: str, en: str, labels: Sequence[tuple[str, str]], shares: tuple[float, ...], **more: object) -> Item:
    more.setdefault("asked_if", CONSENTED)
    more["model"] = Model(shares=shares)
    return Item(name=name, type=VariableType.MULTIPLE, zh=zh, en=en, options=_options(labels), **more)  # type: ignore[arg-type]


def _number(name: str, zh: str, en: str, unit: str, limits: tuple[float, float], model: Model | None = None, **more: object) -> Item:
    more.setdefault("asked_if", CONSENTED)
    low, high = limits
    return Item(
        name=name, type=VariableType.NUMBER, zh=zh, en=en, unit=unit, low=low, high=high, model=model if model is not None else Model(),
        **more  # type: ignore[arg-type]
    )


def _date(name: str, zh: str, en: str, asked_if: tuple[Comparison, ...]) -> Item:
    return Item(name=name, type=VariableType.DATE, zh=zh, en=en, asked_if=asked_if)


def _if(name: str, value: str, operator: str = "=") -> tuple[Comparison, ...]:
    return (Comparison(name=name, operator=operator, value=value),)


def _opening(n_communities: int) -> list[Item]:
    per_street = -(-n_communities // len(STREETS))
    names = enumerate(COMMUNITIES[:n_communities])
    communities = [(f"{name}社区", f"Community {i // per_street + 1}-{i % per_street + 1}") for i, name in names]
    return [
        _single("consent", "您已了解调查目的和个人信息处理规则，是否同意参加", "Do you agree to take part, knowing the purpose and how your data are used",
                (("同意参加", "I agree"), ("不同意", "I do not agree")), (1.0, 0.0), asked_if=(), required=True),
        _single("assisted", "本问卷由谁填写", "Who fills in this questionnaire", (("本人填写", "Myself"), ("由他人代填", "Somebody for me")), (1.0, 0.0),
                role=Role.ASSISTED, required=True),
        _single("street", "您居住的街道", "Your subdistrict", STREETS, role=Role.STRATUM, required=True),
        _single("community", "您居住的社区", "Your community", communities, role=Role.COMMUNITY, required=True, quasi=True),
        _single("sex", "您的性别", "Your sex", (("男", "Male"), ("女", "Female")), required=True, quasi=True),
        _number("age", "您的年龄", "Your age in completed years", "岁", (14, 100), required=True, quasi=True),
        _single("resident", "您在本社区居住是否满6个月", "Have you lived in this community for six months or more", YES_NO, required=True),
        _date("moved_in", "您是哪一天搬入本社区的", "On which day did you move into this community", CONSENTED),
        _single("tenure", "您的住房属于哪种情况", "Your housing tenure",
                (("自有住房", "Owner"), ("租住", "Tenant"), ("单位或集体宿舍", "Dormitory"), ("其他", "Other")), open=("4",), required=True, quasi=True),
        _single("registered", "您的户口是否在本社区", "Is your household registered here", YES_NO, (0.58, 0.42)),
        _single("education", "您的文化程度", "Your education",
                (("初中及以下", "Lower secondary or less"), ("高中或中专", "Upper secondary"), ("大专", "Junior college"),
                 ("本科及以上", "Bachelor or more")),
                (0.27, 0.29, 0.22, 0.22), quasi=True),
        _single("occupation", "您目前的职业状况", "Your occupation",
                (("在职", "Employed"), ("个体经营", "Self-employed"), ("学生", "Student"), ("离退休", "Retired"), ("料理家务", "Keeping house"),
                 ("其他", "Other")),
                (0.42, 0.12, 0.08, 0.25, 0.09, 0.04), open=("6",), quasi=True),
    ]


def _household() -> list[Item]:
    needs = (("助餐", "Meals"), ("日间照料", "Day care"), ("上门看护", "Care at home"), ("健康讲座", "Health talks"), ("其他", "Other"))
    return [
        _number("household_size", "您家共有几口人", "Number of people in your household", "人", (1, 12), Model(median=2.9, spread=0.4)),
        _number("income", "您家去年的总收入", "Your household's income last year", "元", (0, 3_000_000),
                Model(median=90_000, spread=0.6, step=1000)),
        _single("has_elder", "您家有没有60岁及以上的老人", "Is anybody in your household 60 or older", (("有", "Yes"), ("没有", "No")), (0.45, 0.55)),
        _multiple("elder_needs", "家里老人需要哪些服务", "Which services do the older people need", needs, (0.5, 0.3, 0.25, 0.35, 0.12), open=("5",),
                  asked_if=_if("has_elder", "1")),
    ]


def _participation() -> list[Item]:
    kinds = (("节日活动", "Festivals"), ("志愿服务", "Volunteering"), ("文体活动", "Culture and sport"), ("议事协商", "Deliberation"), ("公益课堂", "Classes"),
             ("其他", "Other"))
    reasons = (("没有时间", "No time"), ("不知道有活动", "Did not know"), ("不感兴趣", "Not interested"), ("离家太远", "Too far"), ("其他", "Other"))
    active = Model(shares=(0.36, 0.64), trait="activity", loading=-0.7)
    took_part = _if("participated", "1")
    return [
        _single("participated", "近三个月您参加过社区组织的活动吗", "Did you take part in an activity of the community in the past three months", DID,
                model=active),
        _number("activity_count", "近三个月您一共参加了几次", "How many times in the past three months", "次", (1, 60), Model(median=2.2, spread=0.6),
                asked_if=took_part),
        _multiple("activity_kinds", "您参加过哪些活动", "Which activities", kinds, (0.45, 0.3, 0.4, 0.2, 0.25, 0.08), open=("6",),
                asked_if=took_part),
        _date("last_activity", "您最近一次参加是哪一天", "On which day did you last take part", took_part),
        _multiple("reasons", "您没有参加的原因", "Why did you not take part", reasons, (0.5, 0.35, 0.2, 0.1, 0.1), open=("5",),
                asked_if=_if("participated", "2")),
        _number("late_notice", "因为没有时间而错过的活动有几次", "How many activities did you miss for lack of time", "次", (0, 60),
                Model(median=2.0, spread=0.7), asked_if=_if("reasons", "1", "has")),
        _single("volunteer", "近三个月您做过志愿服务吗", "Did you volunteer in the past three months", YES_NO,
                model=Model(shares=(0.22, 0.78), trait="activity", loading=-0.6)),
        _number("volunteer_hours", "近三个月您的志愿服务时长", "Hours of volunteering in the past three months", "小时", (0, 500),
                Model(median=6, spread=0.8, step=0.5), asked_if=_if("volunteer", "1")),
        _single("visits", "近三个月您去过几次社区活动场所", "Visits to the community centre in the past three months",
                (("没有去过", "None"), ("1-3", "1-3"), ("4-6", "4-6"), ("7及以上", "7 or more")), (0.35, 0.35, 0.18, 0.12)),
    ]


def _opinions() -> list[Item]:
    satisfied = Model(shares=LIKERT_SHARES, trait="service", dont_know=0.03)
    service = [
        _single(f"service_{i}", zh, en, SATISFACTION, model=satisfied, dont_know="6", matrix="service_matrix", matrix_zh="您对本社区以下方面是否满意",
                matrix_en="How satisfied are you with", scale="service")
        for i, (zh, en) in enumerate(SERVICE_ROWS, 1)
    ]
    belonging = [
        _single(f"belonging_{i}", zh, en, AGREEMENT, model=Model(shares=LIKERT_SHARES[::key], trait="belonging"), matrix="belonging_matrix",
                matrix_zh="您是否同意以下说法", matrix_en="Do you agree", scale="belonging", key=key)
        for i, (zh, en, key) in enumerate(BELONGING_ROWS, 1)
    ]
    trouble = (("完全没有", "Not at all"), ("很少", "Little"), ("有一些", "Some"), ("比较多", "Much"), ("非常多", "Very much"))
    wishes = (("停车", "Parking"), ("电梯", "Lifts"), ("养老", "Care for the old"), ("托幼", "Child care"), ("绿化", "Green space"), ("治安", "Safety"))
    return [
        *service,
        _single("trouble", "物业和停车问题给您的生活带来多少困扰", "How much trouble do property and parking matters cause you", trouble,
                model=Model(shares=LIKERT_SHARES[::-1], trait="service"), scale="service", key=-1),
        _single("overall", "总的来说，您对社区运营是否满意", "All in all, how satisfied are you with how the community is run", SATISFACTION,
                model=Model(shares=LIKERT_SHARES, trait="service", loading=0.7, dont_know=0.04), dont_know="6"),
        *belonging,
        Item(name="priorities", type=VariableType.RANKING, zh="您认为最需要改进的三项（排序）", en="The three things that need improving most, in order",
             options=_options(wishes), most=3, asked_if=CONSENTED, model=Model(shares=(0.3, 0.12, 0.22, 0.12, 0.1, 0.14))),
        _number("trust", "您对居委会的信任程度（0到10分）", "Your trust in the residents' committee (0 to 10)", "分", (0, 10),
                Model(median=6.6, spread=0.3, trait="service", loading=0.5)),
        _single("neighbours", "您平时和邻居来往多吗", "How often do you meet neighbours",
                (("几乎没有", "Hardly ever"), ("有时", "Sometimes"), ("经常", "Often")),
                model=Model(shares=(0.3, 0.45, 0.25), trait="belonging", loading=0.5)),
    ]


def _space_and_complaints() -> list[Item]:
    topics = (("噪声", "Noise"), ("停车", "Parking"), ("物业", "Property"), ("环境", "Environment"), ("其他", "Other"))
    times = (("工作日白天", "Weekday daytime"), ("工作日晚上", "Weekday evening"), ("周末白天", "Weekend daytime"), ("周末晚上", "Weekend evening"))
    channels = (("微信群", "Chat group"), ("公告栏", "Notice board"), ("网格员", "Grid worker"), ("社区公众号", "Community account"), ("其他", "Other"))
    return [
        _number("space_hours", "您平均每周使用公共空间的时间", "Hours a week in public rooms", "小时", (0, 80), Model(median=2, spread=0.8, step=0.5)),
        _multiple("times", "您方便使用公共空间的时段", "When can you use public rooms", times, (0.3, 0.45, 0.5, 0.3)),
        _single("complained", "近三个月您有没有拨打12345反映问题", "Did you call the 12345 hotline in the past three months",
                (("有", "Yes"), ("没有", "No")), model=Model(shares=(0.14, 0.86), trait="service", loading=0.3)),
        _multiple("complaint_topics", "您反映了哪些问题", "What about", topics, (0.35, 0.4, 0.45, 0.3, 0.1), open=("5",),
                asked_if=_if("complained", "1")),
        _number("fee", "您认为合理的物业费", "A fair property fee", "元", (0, 30), Model(median=1.6, spread=0.4, step=0.1)),
        _single("channel", "您主要通过什么渠道了解社区的事", "How do you learn what happens in the community", channels, (0.5, 0.12, 0.15, 0.18, 0.05),
                open=("5",)),
        _single("fund", "您知道社区基金吗", "Have you heard of the community fund", (*YES_NO, ("不清楚", "Do not know")),
                model=Model(shares=(0.4, 0.6), dont_know=0.08), dont_know="3"),
        Item(name="praise", type=VariableType.TEXT, zh="社区里让您最满意的一件事", en="What pleases you most", asked_if=CONSENTED,
             model=Model(answered=0.45)),
        Item(name="suggestion", type=VariableType.TEXT, zh="您对社区运营的意见和建议", en="Your suggestions", asked_if=CONSENTED,
             model=Model(answered=0.4)),
    ]


def _facility(i: int) -> Item:
    zh = FACILITIES[i] if i < len(FACILITIES) else f"设施{i + 1}"
    model = Model(shares=LIKERT_SHARES, trait="service", loading=0.5, dont_know=0.03)
    return _single(f"facility_{i + 1}", zh, f"Facility {i + 1}", SATISFACTION, model=model, dont_know="6", matrix="facility_matrix",
                   matrix_zh="您对以下设施是否满意", matrix_en="How satisfied are you with these facilities")


def _about_person(identifier: Identifier) -> Item:
    name, zh, en = QUESTIONS_ON_PERSONS[identifier]
    return Item(name=name, type=VariableType.TEXT, zh=zh, en=en, asked_if=CONSENTED, identifier=identifier, model=Model(answered=0.35))
