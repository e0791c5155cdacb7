"""Who filled in, and what a platform says of a sheet, as labels put it."""

import pytest

from commresearch.cleaning.label_signs import says_assisted, says_rejected


@pytest.mark.parametrize("label", [
    "本人", "是本人填写", "由本人填写", "本人填写", "自己", "自己填写", "是，自己填的", "否，本人填写", "独立完成", "独立完成，没有他人帮助", "没有他人帮忙", "没有人帮忙", "无人协助",
    "没有请他人帮忙填写", "不是代填", "未由他人代填", "无需帮助", "不用帮忙", "自填", "亲自填写", "否", "没有", "无", "否。", "No", "not", "no", "Self", "I did", "By myself", "I filled it in myself",
    "Nobody helped me", "without help", "no help", "not assisted", "unassisted", "The respondent alone", "Not filled in by somebody else", "填写人：本人（居民代表）",
])
def test_nobody_helped(label):
    assert not says_assisted(label)


@pytest.mark.parametrize("label", [
    "无法自己填写，由他人代填", "不能独立完成，家人帮忙", "非本人填写", "不是本人", "无法自己填写", "访员照本人的回答填写", "社区工作人员照本人的回答填写", "家人或朋友照本人的回答填写",
    "别人代替本人回答", "代填", "他人代填", "由子女协助填写", "本人口述、志愿者填写", "自己和家人一起填", "其他人", "是（家人代填）", "否，由家人代填", "是", "有", "网格员帮忙", "有人帮忙",
    "yes", "Yes", "The interviewer, taking down my answers", "Family or a friend, taking down my answers", "Somebody else answered in my place", "with help", "proxy", "assisted by staff",
    "not by myself", "unable to do it myself", "On behalf of the respondent", "No, my daughter did",
])
def test_somebody_helped(label):
    assert says_assisted(label)


@pytest.mark.parametrize(("question", "yes"), [
    ("这份问卷是否由本人填写？", False), ("是您自己填的吗？", False), ("Did you fill this in yourself?", False), ("是否由他人代填？", True), ("是本人填写还是由家人代填？", True), ("", True), ("有人帮忙吗？", True),
])
def test_a_bare_yes_or_no_answers_the_question(question, yes):
    assert says_assisted("是", question) is says_assisted("Yes", question) is yes
    assert says_assisted("否", question) is says_assisted("no", question) is (not yes and bool(question))


@pytest.mark.parametrize("verdict", [
    "无异常", "正常（无异常）", "未发现异常", "未发现明显异常", "没有异常", "异常：无", "是否无效：否", "有效", "正常", "并非无效", "不可疑", "未剔除", "未被剔除", "合格", "审核通过", "", "未审核",
    "valid", "approved", "validation_status_approved", "not invalid", "No anomalies found", "not suspicious", "not rejected", "on hold", "nothing suspicious", "invalid: no",
])
def test_a_sheet_that_the_platform_accepts(verdict):
    assert not says_rejected(verdict)


@pytest.mark.parametrize("verdict", [
    "无效", "无效答卷", "异常", "时间异常", "有效，但用时可疑", "已剔除", "不合格", "审核未通过", "答题时间无异常，内容可疑", "作弊",
    "invalid", "Invalid answer", "Not Approved", "not_approved", "validation_status_not_approved", "not valid", "rejected", "suspicious", "valid time, suspicious answers",
])
def test_a_sheet_that_the_platform_rejects(verdict):
    assert says_rejected(verdict)
