"""Masking of free text: what is hidden, and what ordinary answers keep."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import masking
from commresearch.cleaning.masking import TOKENS, SeenTexts, mask_log, mask_text
from commresearch.terms import Identifier, Role
from tests.conftest import LEDGER

#: share of ordinary answers in which anything may be masked by mistake
FALSE_ALARMS = 0.005

PLACES = (
    "3号楼门口",
    "幸福小区",
    "和平路",
    "社区活动室",
    "2单元楼道",
    "地下车库",
    "小广场",
    "菜市场",
    "12路公交站",
    "解放路与和平路路口",
    "A区",
    "5栋前面",
    "物业办公室",
    "东门",
    "二楼会议室",
)
MATTERS = (
    "路灯不亮已经3个月了",
    "停车位太少，120个车位1000多户",
    "希望每周办2-3次活动",
    "垃圾清运不及时，早上8:30才来",
    "电梯坏了15天没人修",
    "物业费每平米2.5元，有点贵",
    "噪音大，晚上10点以后还在施工",
    "希望增加60岁以上老人的健康讲座",
    "2025年3月1日报修过，工单20250301154123，没有结果",
    "打12345反映过2次",
    "暖气只有16.5度",
    "微信群里没人管",
    "建议建微信公众号",
    "扫码用的小程序打不开",
    "志愿者做得很好，点赞",
    "党员带头，应该表扬",
    "高层水压低，高峰时没水",
    "满意，没有意见",
    "孩子放学后没地方去，建议开四点半课堂",
    "时间银行很好，积了120分",
    "养老餐15元一份，比外面便宜30%",
    "楼道堆物严重，消防通道被占",
    "绿化差，草长到1米高",
    "充电桩只有10个，排队2小时",
    "我是高中生，希望有自习室",
    "我是老党员。",
    "我是安徽人，来这里5年",
    "联系人太难找",
    "负责人高度重视就能解决",
    "希望能像隔壁社区那样搞议事会",
    "多组织亲子活动，一年4次就行",
    "广场舞9:00-11:30太吵",
    "外卖员乱停车",
    "和谐社区，温馨家园",
    "门禁坏了，陌生人随便进",
    "钱花了不少，看不到效果",
)


def ordinary_answers(n):
    rng = np.random.default_rng(11)
    joins = (
        "{place}{matter}",
        "{matter}",
        "{place}：{matter}。",
        "{matter}；{place}也一样，{more}",
        "1.{matter} 2.{more}",
        "{more}，尤其是{place}",
    )
    return [str(rng.choice(joins)).format(place=rng.choice(PLACES), matter=rng.choice(MATTERS), more=rng.choice(MATTERS)) for _ in range(n)]


def test_ordinary_answers_stay_as_they_are():
    answers = pd.Series(ordinary_answers(2000), dtype="str")
    result, counts = mask_text(answers)
    changed = answers[result != answers]
    assert len(changed) <= FALSE_ALARMS * len(answers), changed.unique()[:10].tolist()
    assert set(counts["row"]) == set(changed.index)


def test_published_texts_stay_as_they_are():
    texts = pd.concat(
        [pd.read_csv(file, dtype=str, keep_default_na=False).melt(value_name="cell")["cell"] for file in sorted(LEDGER.glob("*.csv"))]
    ).drop_duplicates()
    result, _ = mask_text(texts.reset_index(drop=True))
    assert (result == texts.reset_index(drop=True)).mean() >= 1 - FALSE_ALARMS


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话１５４-１２３４-５６７８，谢谢", "电话〔手机号〕，谢谢"),
        ("我叫王秀兰，住3号楼2单元501", "我叫〔姓名〕，住〔住址〕"),
        ("我是李林手机坏了", "我是〔姓名〕手机坏了"),
        ("我是张建国住在三单元", "我是〔姓名〕住在三单元"),
        ("我是王英今年65岁", "我是〔姓名〕今年65岁"),
        ("本人王芳的房子漏水", "本人〔姓名〕的房子漏水"),
        ("我是王芳的舅妈", "我是〔姓名〕的舅妈"),
        ("车鲁Z12345堵门", "车〔车牌号〕堵门"),
        ("微信号：lihua_88，QQ：123456789", "微信号：〔微信号〕，QQ：〔微信号〕"),
        ("a@example.cn 10.20.30.40", "〔邮箱〕 〔IP地址〕"),
        ("我家3-2-501，楼上太吵", "我家〔住址〕，楼上太吵"),
        ("我住张家村45号", "我住张家村〔住址〕"),
        ("我的微信xiaoming 请联系", "我的微信〔微信号〕 请联系"),
        ("活动室3-201，2025-03-01", "活动室3-201，2025-03-01"),
        ("李敏 15412345678", "〔姓名〕 〔手机号〕"),
        ("王秀兰说水管漏了", "〔姓名〕说水管漏了"),
        ("高峰时没水", "高峰时没水"),
        ("", ""),
    ],
)
def test_tokens_stand_in_place_of_identifiers(text, masked):
    result, counts = mask_text(pd.Series([text]), names=["王秀兰", "高峰"])
    assert result.tolist() == [masked]
    assert counts["n"].sum() == masked.count("〔")


def test_counts_are_by_row_and_class_and_doing_it_again_changes_nothing():
    texts = pd.Series(
        ["15412345678或15487654321", None, "很好", "15412345678或15487654321", "a@example.cn"], index=[12, 11, 10, 9, 8], name="意见"
    )
    result, counts = mask_text(texts)
    assert result.tolist() == ["〔手机号〕或〔手机号〕", "", "很好", "〔手机号〕或〔手机号〕", "〔邮箱〕"]
    assert (result.index.tolist(), result.name) == ([12, 11, 10, 9, 8], "意见")
    assert counts.to_numpy().tolist() == [[8, "email", 1], [9, "mobile", 2], [12, "mobile", 2]]
    again, nothing = mask_text(result)
    assert again.tolist() == result.tolist()
    assert nothing.empty


@pytest.mark.parametrize(
    ("reason", "masked"),
    [
        ("家属来电更正 (王芳, 2026-09-30)", "家属来电更正 (〔姓名〕, 2026-09-30)"),
        ("网格员李娟转告 (网格员李娟, 2026-09-30)", "网格员李娟转告 (网格员〔姓名〕, 2026-09-30)"),
        ("联系人：王小明 15412345678 (数据员, 2026-09-30)", "联系人：〔姓名〕 〔手机号〕 (数据员, 2026-09-30)"),
        ("赵 淑兰说住文化东路180号 (高峰, 2026-09-30)", "〔姓名〕说住文化东路〔住址〕 (高峰, 2026-09-30)"),
        ("纸质问卷录错 (data team, 2026-09-30)", "纸质问卷录错 (data team, 2026-09-30)"),
        ("", ""),
    ],
)
def test_the_log_says_no_names_numbers_or_addresses_that_people_wrote(reason, masked):
    log = pd.DataFrame({"rule": ["correction"], "old": ["赵淑兰"], "new": ["15412345678"], "reason": [reason]}, dtype="str")
    assert mask_log(log, {"赵淑兰": "name", "高峰": "name"}).to_numpy().tolist() == [["correction", "〔姓名〕", "〔手机号〕", masked]]


def test_codes_are_judged_by_the_piece_in_which_they_stand():
    seen = SeenTexts()
    tickets = [f"379999202503{day:02d}{serial:04d}" for day in range(1, 11) for serial in range(20)]
    assert mask_text(pd.Series(tickets, dtype="str"), seen=seen)[0].tolist() == tickets
    few = [text for text, masked in zip(tickets, (mask_text(pd.Series([t], dtype="str"))[0].iloc[0] for t in tickets), strict=True) if masked != text][:3]
    assert set(mask_text(pd.Series(few, dtype="str"), seen=seen)[0]) == {TOKENS["national_id"]}


def test_memory_of_texts_is_bounded(monkeypatch):
    monkeypatch.setattr(masking, "MOST_SEEN", 3)
    seen = SeenTexts()
    for number in range(5):
        masked, _ = mask_text(pd.Series([f"电话1541234567{number}", "很好", f"{number}"], dtype="str"), seen=seen)
        assert masked.tolist() == ["电话〔手机号〕", "很好", f"{number}"]


def test_every_class_has_a_token_and_tokens_are_not_found_again():
    assert set(TOKENS) == {*Identifier, Role.BIRTH}
    cues = [
        f"{cue}{token}。" for cue in ("我叫", "住址：", "家住", "电话", "微信号：", "姓名：", "联系人", "") for token in TOKENS.values()
    ]
    assert mask_text(pd.Series(cues))[0].tolist() == cues
