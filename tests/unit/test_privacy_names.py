"""Names: in cells, announced in texts, beside numbers; columns by header and content. All persons are made up."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.identifier_columns import classify_columns, is_birth_column, judge_column, persons_in, read_content
from commresearch.cleaning.known_values import KnownValues
from commresearch.cleaning.personal_names import (
    find_announced_names,
    find_names_beside,
    known_names,
    name_cells,
    person_cells,
    told_names,
    words_that_are_names,
)
from commresearch.cleaning.reference_tables import has_answer, reference_rows
from commresearch.cleaning.text_spans import JoinedTexts, Span, plain_text
from commresearch.sources.raw_table import Question

NAMES = [s + g for s in ("王", "李", "欧阳", "邹", "于") for g in ("秀兰", "建国", "敏", "晓燕", "博文", "桂英")]
ACTIVITIES = [
    "广场舞",
    "太极拳",
    "书法课",
    "亲子阅读",
    "健康讲座",
    "合唱团",
    "乒乓球",
    "包饺子",
    "手工课",
    "舞蹈",
    "电影",
    "高跷",
    "陶艺",
    "戏曲",
    "武术",
    "毛笔字",
    "花艺",
    "象棋",
    "钓鱼",
    "舞龙",
]
COMPLAINTS = [
    "停车难",
    "卫生差",
    "噪音大",
    "物业费高",
    "电梯坏",
    "路灯不亮",
    "管理乱",
    "车位少",
    "水压低",
    "高空抛物",
    "广告多",
    "路面不平",
    "楼道堆物",
    "时间",
    "温度",
    "严重",
    "金额",
    "江边",
    "夏天",
    "常年",
]
VILLAGES = [
    "王家村",
    "李家庄",
    "张各庄",
    "高村",
    "于家沟",
    "孙家疃",
    "温泉汤",
    "初村",
    "汪疃",
    "葛家",
    "宋村",
    "侯家",
    "高区",
    "经区",
    "周格",
    "方吉",
    "姜南庄",
    "羊亭",
    "林村",
    "马家屯",
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我叫王秀兰，今年60岁", ["王秀兰"]),
        ("我叫王芳今年60", ["王芳"]),
        ("我是李建民。", ["李建民"]),
        ("我是王阿姨", ["王阿姨"]),
        ("联系人：李主任", ["李主任"]),
        ("姓名:欧阳明月", ["欧阳明月"]),
        ("请找张书记", ["张书记"]),
        ("名叫阿依古丽·买买提，", ["阿依古丽·买买提"]),
        ("家长：赵敏", ["赵敏"]),
        ("联系人小王", ["小王"]),
        ("我妈妈叫赵淑兰", ["赵淑兰"]),
        ("我妈妈叫赵淑兰今年80", ["赵淑兰"]),
        ("邻居叫王强", ["王强"]),
        ("我妈妈叫包小红", ["包小红"]),
        ("我是李高峰", ["李高峰"]),
        ("我儿子是李建国，", ["李建国"]),
        ("我是李建国的妻子", ["李建国"]),
        ("我是网格员张丽", ["张丽"]),
        ("我是业主李建国，", ["李建国"]),
        ("感谢网格员张丽。", ["张丽"]),
        ("制表人：张三", ["张三"]),
        ("审核：李四", ["李四"]),
        ("审核人：李四", ["李四"]),
        ("填表人:王五 2025", ["王五"]),
        ("填报人： 孙 强", ["孙 强"]),
        ("负责人：周平", ["周平"]),
        ("经办人 吴敏", ["吴敏"]),
        *((f"{field}：周大勇", ["周大勇"]) for field in (
            "投诉人", "申请人", "监护人", "反映人", "收件人", "签字", "居民代表", "签名", "经办人", "报修人", "当事人", "户主", "被投诉人",
        )),
        ("居民代表：钱多多、孙小美", ["钱多多", "孙小美"]),
        *((f"投诉人：周大勇{sign}钱小美", ["周大勇", "钱小美"]) for sign in ("、", "，", ";", "/", "和", "与", "及")),
        ("投诉人：王芳和李敏、赵强", ["王芳", "李敏", "赵强"]),
        ("投诉人：王 建国", ["王 建国"]),
        ("投诉人：周大勇，严重扰民", ["周大勇"]),
        ("投诉人：周大勇，施工扰民，", ["周大勇"]),
        ("房东：宁波人", []),
        ("住户：安徽人", []),
        ("报修人：房客", []),
        ("网格员：常走访", []),
        ("网格员：常联系。", []),
        ("楼长：干练", []),
        ("反映人 : 周大勇，住三单元", ["周大勇"]),
        ("投诉人：周大勇反映噪音", ["周大勇"]),
        ("投诉人：不详", []),
        ("投诉人：高龄老人较多", []),
        ("投诉人：都是老年人", []),
        ("反映人：何时能来", []),
        ("申请人数：120", []),
        ("申请人：和平社区", []),
        ("申请人：高新区", []),
        ("监护人：祖父母", []),
        ("收件人：居委会", []),
        ("签字：已签", []),
        ("签字：同意", []),
        ("签字：满意", []),
        ("户主：已故", []),
        ("楼长：和蔼", []),
        ("业主：水压低", []),
        ("业主：温度低、路灯坏", []),
        ("网格员：时常不在", []),
        ("居民代表大会", []),
        ("居民代表：大会", []),
        ("负责人认真", []),
        ("联系方便", []),
        ("我是居民", []),
        ("我是老党员", []),
        ("我妈妈叫我来的", []),
        ("叫停", []),
        ("我是租户不是业主", []),
        ("我是居民代表", []),
        ("我是房东的儿子", []),
        ("我是党员的家属", []),
        ("我是单亲的妈妈", []),
        ("我是施工队的家属", []),
        ("孩子叫车上学", []),
        ("妈妈叫安静点", []),
        ("邻居叫施工队来", []),
        ("孩子是高中生", []),
        ("邻居是安徽人", []),
        ("老人是党员", []),
        ("网格员高度负责", []),
        ("网格员常年在岗", []),
        ("网格员和社工。", []),
        ("网格员包片", []),
        ("网格员管理。", []),
        ("我是书记和主任", []),
        ("审核：通过", []),
        ("审核：符合", []),
        ("审核：严格", []),
        ("登记：时间", []),
        ("负责人：高度重视", []),
        ("登记人数：120", []),
        ("我是高中生。", []),
        *((f"我是{word}，", []) for word in ("高血糖", "高血脂", "高收入", "高学历", "白血病", "石景山", "马拉松", "田子坊")),
        ("我是安徽人。", []),
        ("我是党员", []),
        ("联系人方便就行", []),
        ("姓名都不写", []),
        ("家长的陪伴", []),
        ("负责人高度重视", []),
        ("本人单身", []),
        ("我是单亲妈妈", []),
        ("户主满意", []),
        ("和主任", []),
        ("王姓居民", []),
        ("张灯结彩", []),
    ],
)
def test_names_are_found_where_a_word_announces_them(text, names):
    assert list(dict.fromkeys(text[s.start : s.end] for s in find_announced_names(plain_text(text)))) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王秀兰 15412345678", ["王秀兰"]),
        ("15412345678（李敏）", ["李敏"]),
        ("王秀兰电话15412345678", ["王秀兰"]),
        ("网格员李娟15412345678", ["李娟"]),
        ("李四光 男 37岁 15412345678", ["李四光"]),
        ("王秀兰，女，65岁，电话是15412345678", ["王秀兰"]),
        ("联系马云龙15412345678", ["马云龙"]),
        ("请转告马云龙(15412345678)", ["马云龙"]),
        ("负责人马云龙，电话15412345678", ["马云龙"]),
        ("找我儿子马晓东，15412345678", ["马晓东"]),
        ("王建国（男，67岁）15412345678", ["王建国"]),
        ("王建国(女)，45岁，15412345678", ["王建国"]),
        ("我儿子（王建国）15412345678", ["王建国"]),
        *((f"{whose}王建国{word}15412345678", ["王建国"]) for whose in ("", "我儿子") for word in ("手机号码", "的手机号码", "电话号码是", "的联系电话：", "的电话")),
        *((f"{who}的电话15412345678", [who]) for who in ("王芳", "王方", "王工", "高工", "刘科", "周路", "张会长", "王队长")),
        ("高工的手机15412345678", ["高工"]),
        ("周路的电话是15412345678", ["周路"]),
        ("楼长王方的电话15412345678", ["王方"]),
        ("联系刘科15412345678", ["刘科"]),
        ("王方（女）15412345678", ["王方"]),
        *((f"{who}的电话15412345678", []) for who in ("施工", "党员", "管家", "房东", "社区")),
        ("施工方的电话15412345678", []),
        ("常用的电话15412345678", []),
        ("老人（高血压）15412345678", []),
        ("我家（严重）15412345678", []),
        ("孩子高考15412345678", []),
        ("孩子高烧，电话15412345678", []),
        ("通知于明天15412345678", []),
        ("找我儿子，15412345678", []),
        ("联系老人方便15412345678", []),
        ("联系方便15412345678", []),
        ("联系高新区15412345678", []),
        ("联系施工方15412345678", []),
        ("联系水电工15412345678", []),
        ("找房东15412345678", []),
        ("负责人高度重视15412345678", []),
        ("时间 男 37岁 15412345678", []),
        ("老人，男，65岁，15412345678", []),
        ("感谢网格员15412345678", []),
        ("高兴，15412345678", []),
        ("打15412345678", []),
        ("联系15412345678", []),
        ("已经说了15412345678很多次", []),
    ],
)
def test_names_are_found_where_they_stand_alone_beside_a_number(text, names):
    start = text.index("15412345678")
    found = find_names_beside(plain_text(text), [Span(start, start + 11, "mobile")])
    assert [text[s.start : s.end] for s in found] == names
    assert list(find_names_beside(plain_text(text), [Span(start, start + 11, "plate")])) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我叫周大勇，", ["周大勇"]),
        ("周大勇 15412345678", ["周大勇"]),
        ("15412345678（周大勇）", ["周大勇"]),
        ("我叫周大勇今年60", []),
        ("联系人：周大勇先生", []),
        ("投诉人：周大勇。", []),
        ("我儿子是周大勇，", []),
        ("我叫王芳", []),
        ("联系人：李主任", []),
        ("投诉人：周大勇反映噪音", []),
        ("我是苗得雨。", []),
        ("我是高血糖，希望少放糖", []),
        ("老人高血脂，电话15412345678", []),
        ("高血脂 15412345678", []),
        ("孩子叫高空抛物吓着了", []),
        ("我叫施工队，", []),
    ],
)
def test_of_names_in_texts_those_are_told_that_are_names_wherever_they_stand(text, names):
    plain = plain_text(text)
    start = plain.find("154")
    numbers = [Span(start, start + 11, "mobile")] if start >= 0 else []
    spans = [*find_announced_names(plain), *numbers, *find_names_beside(plain, numbers)]
    assert sorted(set(told_names(plain, spans))) == sorted(names)


def test_cells_that_are_names():
    cells = [
        "王秀兰",
        "王 芳",
        "欧阳明月",
        "张三(户主)",
        "李主任",
        "阿依古丽·买买提",
        "高中生",
        "满意",
        "王家村",
        "停车难",
        "方便",
        "王",
        "王秀兰和李敏",
        "Li Ming",
        "",
    ]
    assert name_cells([c for c in cells if c]).tolist() == [True] * 6 + [False] * 8


def test_words_that_stand_for_nothing():
    assert has_answer(["", " ", "（跳过）", "无", "N/A", "-3", "拒答", "王敏", "不" * 40]).tolist() == [False] * 7 + [True] * 2


def test_known_names_are_whole_cells_and_their_parts_but_no_words():
    cells = pd.Series(
        ["王秀兰", "李敏、于建国", "张三（户主）", "王阿姨", "业主", "高兴", "一般", "12", "Li Ming", "阿依古丽", None, "无"], dtype="str"
    )
    names = known_names(cells)
    assert {"王秀兰", "李敏", "于建国", "张三", "Li Ming", "阿依古丽"} <= set(names)
    assert not {"业主", "高兴", "一般", "12", "无", "王"} & set(names)
    assert "高峰" in words_that_are_names()
    assert "业主" not in words_that_are_names()


def test_known_values_are_found_as_they_stand():
    known = KnownValues(
        {
            "王秀兰": "name",
            "王秀": "name",
            "lihua-88": "wechat",
            "37X": "national_id",
            "王": "name",
            "Li Ming": "name",
            "１２３４５": "mobile",
        }
    )
    assert len(known) == 5
    text = plain_text("王秀兰说王秀不在，加lihua-88，不是lihua-889；Li Ming和XLi Ming，12345、123456、a12345")
    assert [(text[s.start : s.end], s.identifier) for s in known.find(text)] == [
        ("王秀兰", "name"),
        ("王秀", "name"),
        ("lihua-88", "wechat"),
        ("Li Ming", "name"),
        ("12345", "mobile"),
    ]
    assert known.among(["王", " 王秀兰 ", "王秀"]) == {1: "name", 2: "name"}
    assert list(KnownValues({}).find(text)) == []
    assert [*KnownValues({"王秀": "name", "王秀兰芳": "name"}).find("王秀")] == [Span(0, 2, "name")]


@pytest.mark.parametrize(("text", "n"), [("郑 爽说", 1), ("郑　　爽说", 1), ("欧阳 明月和欧 阳明月", 2), ("李 秀 兰", 1), ("郑 说爽", 0), ("li hua", 0)])
def test_known_names_are_found_with_blanks_inside(text, n):
    known = KnownValues({"郑爽": "name", "欧阳明月": "name", "李秀兰": "name", "lihua": "wechat"})
    assert [s.identifier for s in known.find(plain_text(text))] == ["name"] * n


BY_HEADER = [
    ("姓名", "name"),
    ("2、您的姓名", "name"),
    ("Q3_姓名", "name"),
    ("respondent_name", "name"),
    ("25、(姓名:)", "name"),
    ("联系人2", "name"),
    ("您的联系电话是？", "mobile"),
    ("3、请留下您的手机号码以便抽奖", "mobile"),
    ("身份证号码（用于核对）", "national_id"),
    ("来自IP", "ip"),
    ("您的家庭住址（可不填）", "address"),
    ("您家门牌号", "address"),
    ("openid", "wechat"),
    ("微信号", "wechat"),
    ("车牌号", "plate"),
    ("电子邮箱", "email"),
    ("银行卡号", "bank_card"),
    ("固定电话", "landline"),
    ("基本信息_住址", "address"),
    ("社区名称", None),
    ("小区名称", None),
    ("活动名称", None),
    ("地址是否方便", None),
    ("手机使用时长", None),
    ("是否使用微信", None),
    ("community_name", None),
    ("第7题(微信)", None),
    ("用户ID", None),
    ("来源详情", None),
    ("微信", None),
    ("手机", None),
    ("您对社区联系人的评价", None),
    ("电话", None),
]


@pytest.mark.parametrize(("header", "identifier"), BY_HEADER)
def test_headers_that_name_an_identifier(header, identifier):
    answers = pd.DataFrame({header: ["很好", "一般", "(跳过)", "很好", "一般"] * 20}, dtype="str")
    found = classify_columns(answers)
    assert found["identifier"].tolist() == ([identifier] if identifier else [])
    assert found["by"].tolist() == (["name"] if identifier else [])


@pytest.mark.parametrize("header", ["电话", "微信", "Name"])
def test_a_word_that_also_stands_over_answers_needs_different_answers(header):
    assert judge_column([header], read_content(pd.Series([f"甲{i}号" for i in range(40)], dtype="str"))) is not None
    assert judge_column([header], read_content(pd.Series(["有", "没有", "0", "1"] * 10, dtype="str"))) is None


def test_a_header_that_contains_a_word_needs_such_content():
    cells = pd.Series([f"{n} 三年级{i}班" for i, n in enumerate(NAMES)], dtype="str")
    assert judge_column(["请写下孩子的姓名和班级"], read_content(cells)) == ("name", "both")
    assert judge_column(["您认为登记姓名有必要吗"], read_content(pd.Series(["有", "没有必要"] * 10, dtype="str"))) is None


@pytest.mark.parametrize("header", ["您楼的楼长是谁？", "您的网格员叫什么", "您最满意哪位网格员？", "3、楼长是哪一位", "您的社区书记是谁"])
@pytest.mark.parametrize("answers", [["周桂花", "吴天明", "郑小莉", "王五"], ["周桂花"], ["李主任", "周桂花", "物业", "不知道"]])
def test_a_question_for_a_person_is_a_column_of_names_however_few_are_named(header, answers):
    assert judge_column([header], read_content(pd.Series(answers * 15, dtype="str"))) == ("name", "both")


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("您的楼长是谁", ["周桂花", "不知道", "不认识", "没见过", "不太清楚", "忘了", "记不清", "无印象", "未听说"]),
        ("您的楼长是谁", ["周桂花", "其他", "不认识"]),
        ("您的楼长是谁", ["周桂花", "居委会", "不认识"]),
        ("您认识楼长吗？他叫什么", ["认识", "不认识", "周桂花"]),
        ("您认识楼长吗？他叫什么", ["周桂花", "吴天明", "不认识"]),
        ("您认识楼长吗？他叫什么", ["认识，周桂花", "认识，吴天明", "不认识"]),
        ("有没有让您印象深刻的网格员？是谁", ["周桂花", "吴天明", "没有"]),
        ("是否有热心邻居帮过您，是哪位", ["周桂花", "帮过", "没帮过"]),
        ("您的网格员叫什么", ["网格员（周桂花）", "不清楚"]),
    ],
)
@pytest.mark.parametrize("others", [1, 40])
def test_answers_that_name_nobody_make_names_no_options(header, answers, others):
    cells = [*answers[:2], *answers * 3, *answers[-1:] * others]
    assert judge_column([header], read_content(pd.Series(cells, dtype="str"))) is not None


def test_one_name_among_several_offices_is_no_column_of_names():
    assert judge_column(["您的楼长是谁"], read_content(pd.Series(["周桂花", "居委会", "物业", "不认识"] * 15, dtype="str"))) is None


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("您是否认识网格员，是哪位", ["认识", "不认识", "见过"]),
        ("您知道楼长是谁吗", ["知道", "以前知道", "全忘记", "有印象"]),
        ("您认识楼长吗？叫什么名字", ["认识，叫不出名字", "很熟", "不认识"]),
        ("是否有人帮助过您？是谁", ["爷爷/奶奶", "物业、居委", "社工", "没有"]),
        ("有没有印象深刻的社工，是谁", ["常见", "明确", "没有"]),
        ("是否有热心人帮过您，是哪位", ["帮过", "没帮过"]),
        ("您有事最先找的是谁", ["物业", "居委会", "张大妈调解室", "邻居", "家人"]),
        ("解决问题的是谁", ["施工方", "管理方", "党支部", "安保员", "居委", "项目部", "房管局", "路长"]),
        ("照顾老人的是谁", ["儿子", "女儿", "保姆", "岳父", "岳母", "孙辈"]),
        ("小区的开发商是谁", ["万科", "恒大", "龙湖", "金地"]),
        ("您住的小区叫什么", ["万科城", "江南春", "金色家园", "和平里"]),
        ("您的村叫什么", ["周格", "方吉", "姜南庄", "羊亭"]),
        ("您知道楼长的名字吗", ["知道", "不知道", "高兴", "方便"]),
        ("您对楼长满意吗", ["周桂花", "吴天明"]),
        ("主要诉求是哪个", ["停车难", "路窄", "水压低"]),
        ("您知道楼长和网格员是谁吗", ["全知道", "知道一个", "都不知道"]),
        ("您认识您的网格员吗？他叫什么", ["严格", "和他熟", "常见面"]),
        ("您是否知道楼长是谁", ["王丽丽知道", "严格", "任意"]),
        ("解决问题的是哪位同志", ["和他熟", "祖母", "左邻", "房客", "常联系"]),
        ("照看孩子的是谁", ["祖母", "左邻右舍", "那位", "权威", "周桂花"]),
        ("对您帮助最大的是谁", ["解放军", "牧师", "包工头", "连襟", "高个子", "元老", "文书"]),
        ("对您帮助最大的是谁", ["白大褂", "毛孩子", "段子手", "红马甲", "干女儿", "家人"]),
    ],
)
def test_a_choice_among_offices_relatives_and_places_is_no_column_of_names(header, answers):
    assert judge_column([header], read_content(pd.Series(answers * 15, dtype="str"))) is None


def test_words_for_persons_are_no_names_and_names_like_them_are():
    words = ["解放军", "牧师", "包工头", "连襟", "高个子", "元老", "文书", "白大褂", "毛孩子", "段子手", "戴眼镜", "黄马甲", "师兄", "曾孙女"]
    names = ["王建国", "王建军", "欧阳建国", "张石头", "李王子", "王子涵", "段子轩", "高人杰", "巫建国", "牛建师", "李大师", "王老", "王强"]
    assert person_cells([*words, *names]).tolist() == [False] * len(words) + [True] * len(names)


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("书记王建国", ["王建国"]), ("王建国书记", ["王建国书记"]), ("是王建国", ["王建国"]), ("叫王建国", ["王建国"]), ("王建国吧", ["王建国"]),
        ("王建国和李晓明", ["王建国", "李晓明"]), ("王强跟李晓明、王和平", ["王强", "李晓明", "王和平"]), ("隔壁王建国", ["王建国"]),
        ("认识，叫王建国", ["王建国"]), ("就是居委会主任王建国啊", ["王建国"]), ("物业和王建国", ["王建国"]),
        ("不是王建国介绍的", []), ("居委会和物业", []), ("找高个子吧", []), ("是解放军", []), ("书记和主任", []), ("社区安保队", []), ("江西人和安徽人", []),
        ("找左邻右舍", []), ("主任严格", []), ("网格员常来", []), ("隔壁老王", []), ("社区宣传员", []),
    ],
)  # fmt: skip
def test_names_are_found_behind_what_an_answer_begins_with_and_side_by_side(answer, names):
    found = persons_in(JoinedTexts(pd.Series([answer], dtype="str")))
    assert [answer[s.start : s.end] for spans in found.values() for s in spans] == names


def test_columns_by_content_alone_and_by_the_wording_of_their_question():
    n = len(NAMES)
    frame = pd.DataFrame(
        {
            "备注": NAMES,
            "备注2": [f"1541234{i:04d}" for i in range(n)],
            "q1": ["甲"] * n,
            "q2": ["很满意", "一般"] * (n // 2),
            "日期": [f"2025/9/{i + 1} 12:00:00" for i in range(n)],
            "序号": [str(i) for i in range(n)],
            "空": [""] * n,
        },
        dtype="str",
    )
    found = classify_columns(frame, questions=[Question(number=1, text="您的姓名", columns=("q1",))])
    assert found[["column", "identifier", "by", "n"]].to_numpy().tolist() == [
        ["备注", "name", "content", n],
        ["备注2", "mobile", "content", n],
        ["q1", "name", "name", n],
    ]
    assert found["share"].tolist() == pytest.approx([1.0, 1.0, 0.0])
    assert classify_columns(frame[[]]).empty


def test_a_column_with_identifiers_here_and_there_is_left_to_masking():
    cells = [f"1541234{i:04d}" if i % 2 else "希望多搞活动" for i in range(40)]
    assert classify_columns(pd.DataFrame({"备注": cells}, dtype="str")).empty


@pytest.mark.parametrize("words", [ACTIVITIES, COMPLAINTS, VILLAGES])
@pytest.mark.parametrize("repeats", [1, 20])
def test_columns_of_short_answers_are_not_taken_for_names(words, repeats):
    frame = pd.DataFrame({"您的看法": np.repeat(words, repeats)}, dtype="str")
    assert classify_columns(frame).empty


def test_a_column_with_many_different_cells_is_judged_by_a_sample():
    rng = np.random.default_rng(3)
    cells = pd.Series([f"154{i:08d}" if i % 10 else "无手机用邻居的" for i in rng.permutation(30_000)], dtype="str")
    content = read_content(cells)
    assert content.found is None
    assert len(content.spans()) == 27_000
    assert judge_column(["备注"], content) == ("mobile", "content")


@pytest.mark.parametrize(
    ("header", "cells", "is_birth"),
    [
        ("出生日期", [], True),
        ("2、您的出生年月日？", ["不愿说"], True),
        ("date of birth", ["1980-05-17"], True),
        ("宝宝的生日是哪天", ["2020-05-17", "2019年3月1日", ""], True),
        ("宝宝的生日是哪天", ["2020年5月", "记不清"], False),
        ("社区给老人过生日吗", ["过", "没有"], False),
        ("社区给老人过生日吗", [], False),
        ("建成日期", ["1980-05-17"], False),
    ],
)
def test_columns_of_birth_dates(header, cells, is_birth):
    assert is_birth_column([header], pd.Series(cells, dtype="str")) == is_birth


def test_no_word_stands_twice_in_a_table_of_reference():
    for table, column in (
        ("identifier_headers", "word"),
        ("birth_headers", "word"),
        ("words_like_names", "word"),
        ("no_answer_words", "word"),
        ("surnames", "surname"),
        ("mobile_segments", "segment"),
    ):
        words = [row[column] for row in reference_rows(table)]
        assert len(words) == len(set(words)), table
