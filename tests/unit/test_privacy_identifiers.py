"""Recognisers: what they find and what they leave alone. Mobile numbers begin with 154, which no operator has."""

import pandas as pd
import pytest

from commresearch.cleaning.identifiers import column_identifiers, find_identifiers, holds_identifier, is_luhn, is_mobile_in_use
from commresearch.cleaning.national_id import check_character
from commresearch.cleaning.text_spans import JoinedTexts, Span, is_whole, merged_spans, plain_text

ID = "37999919900101123" + check_character("37999919900101123")
WRONG = "0" if ID[17] != "0" else "1"
CARD = "6200000000000000000"[:18]
CARD += next(d for d in "0123456789" if is_luhn(CARD + d))

FOUND = [
    ("national_id", f"身份证{ID}。", ID),
    ("national_id", f"{ID[:6]} {ID[6:14]} {ID[14:]}", f"{ID[:6]} {ID[6:14]} {ID[14:]}"),
    ("national_id", f"{ID[:6]}-{ID[6:]}", f"{ID[:6]}-{ID[6:]}"),
    ("national_id", f"第3位 12 {ID}", ID),
    ("national_id", "老证379999520229123号", "379999520229123"),
    ("national_id", "护照号：E12345678", "E12345678"),
    ("national_id", "港澳通行证 H01234567", "H01234567"),
    ("mobile", "电话15412345678", "15412345678"),
    ("mobile", "154-1234-5678", "154-1234-5678"),
    ("mobile", "154 1234 5678。", "154 1234 5678"),
    ("mobile", "1541 234 5678", "1541 234 5678"),
    ("mobile", "154 12345678", "154 12345678"),
    ("mobile", "1541234 5678", "1541234 5678"),
    ("mobile", "+86 154 1234 5678", "+86 154 1234 5678"),
    ("mobile", "(+86)15412345678", "(+86)15412345678"),
    ("mobile", "008615412345678", "008615412345678"),
    ("mobile", "8615412345678", "8615412345678"),
    ("mobile", "１５４１２３４５６７８", "１５４１２３４５６７８"),
    ("mobile", "15412345678.0", "15412345678.0"),
    ("mobile", "一五四一二三四五六七八", "一五四一二三四五六七八"),
    ("mobile", "幺五四一二三四五六七八打给我", "幺五四一二三四五六七八"),
    ("mobile", "1 5 4 1 2 3 4 5 6 7 8", "1 5 4 1 2 3 4 5 6 7 8"),
    ("mobile", "\u202d15412345678\u202c", "15412345678"),
    ("mobile", "TEL15412345678", "15412345678"),
    ("mobile", "154.1234.5678", "154.1234.5678"),
    ("mobile", "154\u200b1234\u200b5678", "154\u200b1234\u200b5678"),
    ("landline", "0999-5231234", "0999-5231234"),
    ("landline", "（0999）5231234", "（0999）5231234"),
    ("landline", "010 62345678", "010 62345678"),
    ("landline", "09995231234", "09995231234"),
    ("landline", "家里电话5231234", "5231234"),
    ("landline", "座机：09995231234", "09995231234"),
    ("landline", "021-62345678-801", "021-62345678-801"),
    ("email", "请写zhang.san@example.cn。", "zhang.san@example.cn"),
    ("email", "Ａ１@example.com", "Ａ１@example.com"),
    ("email", "zhang@example。com。", "zhang@example。com"),
    ("email", "邮箱zhang @ example.com", "zhang @ example.com"),
    ("ip", "ip10.20.30.40", "10.20.30.40"),
    ("wechat", "q号123456789", "123456789"),
    ("mobile", "154-一二三四-5678", "154-一二三四-5678"),
    ("mobile", "154一二三四五六七八", "154一二三四五六七八"),
    ("mobile", "一五四-一二三四-五六七八", "一五四-一二三四-五六七八"),
    ("ip", "10.20.30.40(山东-威海)", "10.20.30.40(山东-威海)"),
    ("ip", "10.20.30.40（山东-威海）", "10.20.30.40（山东-威海）"),
    ("ip", "从10.20.30.40登录", "10.20.30.40"),
    ("ip", "2001:db8::1", "2001:db8::1"),
    ("ip", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:0db8:0000:0000:0000:0000:0000:0001"),
    ("ip", "http://10.20.30.40/a", "10.20.30.40"),
    ("plate", "车鲁Z12345堵门", "鲁Z12345"),
    ("plate", "鲁ZD12345", "鲁ZD12345"),
    ("plate", "鲁Z12345D", "鲁Z12345D"),
    ("plate", "鲁z·1a2b3", "鲁z·1a2b3"),
    ("plate", "京Z1234学", "京Z1234学"),
    ("plate", "粤Z1234港", "粤Z1234港"),
    ("plate", "新Z12345", "新Z12345"),
    ("wechat", "wxid_abc123def", "wxid_abc123def"),
    ("wechat", "微信号：lihua_88", "lihua_88"),
    ("wechat", "加微信lihua1990", "lihua1990"),
    ("wechat", "VX: abc-1234", "abc-1234"),
    ("wechat", "oABCDEFGHIJKLMNopqrstuvw1234", "oABCDEFGHIJKLMNopqrstuvw1234"),
    ("wechat", "QQ：123456789", "123456789"),
    ("address", "3号楼2单元501的灯", "3号楼2单元501"),
    ("address", "3栋2单元501室", "3栋2单元501室"),
    ("address", "5幢302", "5幢302"),
    ("address", "A座1203", "A座1203"),
    ("address", "三号楼二单元五零一", "三号楼二单元五零一"),
    ("address", "和平路12号3单元201室", "12号3单元201室"),
    ("address", "住址：和平路12号", "和平路12号"),
    ("address", "家住幸福小区3-2-501", "幸福小区3-2-501"),
    ("address", "幸福巷8弄6号楼12号201室", "8弄6号楼12号201室"),
    ("address", "2单元东户", "2单元东户"),
    ("wechat", "加V：hello2024", "hello2024"),
    ("wechat", "加v hello2024", "hello2024"),
    ("wechat", "+V hello2024", "hello2024"),
    ("wechat", "➕v hello2024", "hello2024"),
    ("wechat", "加我V：zhangsan", "zhangsan"),
    ("wechat", "wei信:hello2024", "hello2024"),
    ("wechat", "V信hello2024", "hello2024"),
    ("wechat", "vx：hello_w", "hello_w"),
    ("wechat", "v❤hello2024", "hello2024"),
    ("wechat", "薇❤ hello2024", "hello2024"),
    ("wechat", "薇信 hello2024", "hello2024"),
    ("wechat", "威信：hello_w", "hello_w"),
    ("wechat", "微 信 hello2024", "hello2024"),
    ("address", "文化东路180号", "180号"),
    ("address", "威海市环翠区文化东路180号的路灯", "180号"),
    ("address", "住中山路8号", "8号"),
    ("address", "幸福大道99号", "99号"),
    ("address", "住幸福街5-3号", "5-3号"),
    ("address", "和平路一百八十号", "一百八十号"),
    ("address", "和平路200弄3号", "200弄3号"),
    ("address", "我家在文化东路180号附近", "文化东路180号"),
    ("address", "和平路一百二十三号", "一百二十三号"),
    ("national_id", f"身份证{ID[:17]}{WRONG}", f"{ID[:17]}{WRONG}"),
    ("national_id", f"身份证号码：{ID[:17]}", ID[:17]),
    ("national_id", f"身份证号{ID[:15]}", ID[:15]),
    ("national_id", f"身份证（{ID[:6]} {ID[6:14]} {ID[14:17]}{WRONG}）", f"{ID[:6]} {ID[6:14]} {ID[14:17]}{WRONG}"),
    ("national_id", f"证件号{ID[:17]}x", f"{ID[:17]}x"),
    ("address", "我家3-2-501，楼上太吵", "3-2-501"),
    ("address", "绿水湾小区12-1-301", "12-1-301"),
    ("address", "东边3-2-501天天吵", "3-2-501"),
    ("address", "3-2-201", "3-2-201"),
    ("address", "我家3-2-2001", "3-2-2001"),
    ("address", "1-3-2-501室", "1-3-2-501"),
    ("address", "住3#1-502", "3#1-502"),
    ("address", "3#502", "3#502"),
    ("address", "3号楼1-502", "3号楼1-502"),
    ("address", "我家3-501，楼上太吵", "3-501"),
    ("address", "我们家里3-501漏水", "3-501"),
    ("address", "邻居家是12A-1502", "12A-1502"),
    ("address", "我家住3-501", "3-501"),
    ("address", "住在3-501室", "3-501"),
    ("address", "我住张家村45号", "45号"),
    ("address", "工人新村45号的路灯", "45号"),
    ("address", "幸福社区3组12号", "3组12号"),
    ("address", "张家屯三组四十五号", "三组四十五号"),
    ("wechat", "我的微信xiaoming 请联系", "xiaoming"),
    ("wechat", "加我微信zhangsan，", "zhangsan"),
    ("plate", "京·A88888总乱停", "京·A88888"),
    ("landline", "0631 520 1234", "0631 520 1234"),
    ("landline", "（0631）520 1234", "（0631）520 1234"),
    ("landline", "010 6234 5678", "010 6234 5678"),
    ("landline", "电话520 1234", "520 1234"),
    ("bank_card", f"卡号{CARD}", CARD),
    ("bank_card", " ".join(CARD[i : i + 4] for i in range(0, 19, 4)), " ".join(CARD[i : i + 4] for i in range(0, 19, 4))),
]


@pytest.mark.parametrize(("identifier", "text", "span"), FOUND, ids=repr)
def test_an_identifier_is_found_with_its_bounds(identifier, text, span):
    found = find_identifiers(plain_text(text))
    assert [(text[s.start : s.end], s.identifier) for s in found] == [(span, identifier)]
    assert holds_identifier(pd.Series([text]), identifier).tolist() == [True]


LEFT_ALONE = [
    "大家@物业。请回复",
    "a @ b",
    "x @ b.transpose",
    "vip1.2.3.4",
    "Q号楼12345678",
    "faq号123456789",
    "第154一二三四栋",
    "2154一二三四5678",
    f"{ID[:17]}{WRONG}",
    f"1{ID}",
    f"{ID}1",
    "订单20250601154123456789",
    "371002001001",
    "0371002001",
    "37999900010100",
    "0.15412345678",
    "1.15412345678",
    "15412345678.5",
    "15412345678e-12",
    "115412345678",
    "12412345678",
    "13 14 15 16 17 1",
    "1 2 3 4 5 6 7 8 9",
    "15000元200000元",
    "2025-03-01 12:30:45",
    "2025年3月1日至2025-03-05共5次",
    "20250301123045",
    "1741000000000",
    "3.5万",
    "12345热线",
    "打0999-12345",
    "12%和35.5%",
    "第12.3.4条",
    "icon@2x.png",
    "@市民",
    "a@b",
    "v1.2.3.4",
    "版本10.20.30.40",
    "Chrome/120.0.0.0",
    "256.1.1.1",
    "127.0.0.1",
    "255.255.255.0",
    "1.2.3",
    "12:30:45",
    "std::vector",
    "::1",
    "更新V12345",
    "云A",
    "鲁班奖",
    "最新A12345",
    "是否使用微信",
    "微信小程序",
    "微信公众号",
    "加微信群",
    "wechat",
    "oabcdefghijklmnopqrstuvwxyza",
    "qq群",
    "3栋100户",
    "3号楼2025年改造",
    "2栋3层",
    "在和平路12号门口",
    "2单元1楼",
    "住在3号楼",
    "地址是否方便",
    "3-2-1",
    "3-2-2025",
    "2-30-1998",
    "活动室3-201",
    "3-501",
    "范围3-501元",
    "大家3-501",
    "我家3-501元",
    "我家每月3-501块",
    "我家80-120平米",
    "住宅面积80-120平米",
    "家住2025-3-8",
    "我家3-5口人",
    "我家打3-115分",
    "我家5-100",
    "12-1-001",
    "400-12-1234",
    "v3-2-501",
    "1.3-2-501",
    "ID-3-2-501",
    "第3-2-501号",
    "图3-2-501",
    "1-2-300米",
    "3f2504e0-4f89-11d3-9a0c-154123456781",
    "我们村3号停水",
    "张家村12号开会",
    "张家村12号线",
    "石家庄12号。",
    "第3组12号。",
    "3组12号选手",
    "我的微信android版",
    "微信windows版",
    "更新-A12345",
    "每周3-5次",
    "第3条2项",
    "5号楼前",
    "住了3年多",
    "6200000000000000001",
    "4" * 15,
    "参加1次和2次共3次",
    "60岁以上的老人占35%",
    "2024-2025学年",
    "上午9:00-11:30",
    "加V形坡道",
    "V字形",
    "加VIP2024会员",
    "加v就行",
    "按Ctrl+V hello_2024",
    "A+V hello2024",
    "有威信的老党员",
    "微 信群hello",
    "身份证明材料",
    "办身份证花了15天",
    "身份证18位",
    "文化路公交站",
    "12路公交站",
    "120路",
    "12路36号车",
    "3号线",
    "5号楼有人装修",
    "解放路12号楼",
    "和平路180号院",
    "和平路180号公交站",
    "堵在文化东路180号门口",
    "文化东路180号附近",
    "修路15号完工",
    "修路3-5号完工",
    "人民路3-5号开始修",
    "这条路15号。",
    "人民路3号开始修",
    "我们上街15号，去过",
    "我家在这里15号停水",
    "二〇二五年",
    "一二三四五",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_other_numbers_and_words_are_left_alone(text):
    assert find_identifiers(plain_text(text)) == []


def test_whole_cells_are_told_from_cells_that_hold_more():
    texts = pd.Series(["15412345678", " 15412345678。", "电话15412345678", "", None, "15412345678 / 15487654321"])
    assert holds_identifier(texts, "mobile").tolist() == [True, True, True, False, False, True]
    assert holds_identifier(texts, "mobile", whole=True).tolist() == [True, True, False, False, False, True]
    assert is_whole("15412345678", [Span(0, 11, "mobile")])


def test_overlapping_spans_become_one_of_the_first_class():
    spans = [Span(0, 5, "b"), Span(3, 8, "a"), Span(8, 9, "b")]
    assert merged_spans(spans, ["a", "b"]) == [Span(0, 8, "a"), Span(8, 9, "b")]
    assert [s.identifier for s in find_identifiers(f"{ID[:6]} 15412345678")] == ["mobile"]


def test_codes_of_places_are_no_cards_and_no_old_numbers():
    grids = [f"6299{area:06d}{grid:06d}" for area in range(20) for grid in range(10)]
    found = column_identifiers(JoinedTexts(pd.Series(grids, dtype="str")))
    assert any(is_luhn(g) for g in grids)
    assert found == {}
    communities = [f"379999{200 + town:03d}{village:03d}001" for town in range(10) for village in range(1, 20)]
    assert holds_identifier(pd.Series(communities, dtype="str"), "national_id").any()
    assert column_identifiers(JoinedTexts(pd.Series(communities, dtype="str"))) == {}


def test_numbers_of_tickets_made_of_area_and_date_are_no_national_ids():
    tickets = pd.Series([f"379999202503{day:02d}{serial:04d}" for day in range(1, 11) for serial in range(20)], dtype="str")
    assert 5 < holds_identifier(tickets, "national_id").sum() < 40
    assert column_identifiers(JoinedTexts(tickets)) == {}
    assert len(column_identifiers(JoinedTexts(pd.Series([ID, *tickets[:10]], dtype="str")))) >= 1


def test_few_numbers_of_that_length_are_taken_for_what_they_look_like():
    assert column_identifiers(JoinedTexts(pd.Series([CARD, "很好"], dtype="str"))) == {0: [Span(0, 19, "bank_card")]}


def test_plain_text_keeps_every_character_in_its_place():
    text = "１２ｘ－３：（甲）—\u3000\u200b①㎡℃" * 60
    assert len(plain_text(text)) == len(text)
    assert plain_text(text) == "".join(plain_text(c) for c in text)
    assert plain_text("①㎡℃") == "①㎡℃"
    assert plain_text("a\tb") == "a b"


def test_segments_in_use():
    assert is_mobile_in_use(pd.Series(["13800138000", "+86 138-0013-8000", "15412345678", "", "12345"])).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "text", ["0.12345678901 15412345678", "0.1234567-15412345678", "0.12345678，15412345678", "15412345678.0", "1.2 15412345678", "0.1234567\n15412345678"]
)
def test_a_number_beside_a_decimal_fraction_is_found(text):
    assert [span.identifier for span in find_identifiers(plain_text(text))] == ["mobile"]


@pytest.mark.parametrize("text", ["0.15412345678", "-0.0154123456789", "1541234567.8901234", "0.12345678901\n1.15412345678901"])
def test_the_digits_of_a_decimal_fraction_are_no_number(text):
    assert find_identifiers(plain_text(text)) == []
