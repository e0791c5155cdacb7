"""From press sentences to candidates: what each sentence of a table reads as, and what is no claim."""

import math

import pytest

from commresearch.comparison.claim_parser import BESIDE, parse_claims, parse_numbers
from commresearch.comparison.claim_parser_tokens import read_printed, tokens_of
from commresearch.errors import SchemaError
from commresearch.terms import Language
from commresearch.words.messages import render_error

INF = math.inf

#: sentence → value, low, high, unit, unit_class, comparison, words of the period
READINGS = [
    ("全区共有社区56个。", 56, 56, 56, "个", "place", "level", ""),
    ("社区志愿者达到1,280人。", 1280, 1280, 1280, "人", "person", "level", ""),
    ("３５０名居民参加。", 350, 350, 350, "名", "person", "level", ""),
    ("累计投入350余万元。", 3_500_000, 3_500_000, 3_599_999, "元", "money", "level", "累计"),
    ("服务居民3.2万人次。", 32_000, 32_000, 32_000, "人次", "person_times", "level", ""),
    ("超9.3万人次参与。", 93_000, 93_000, INF, "人次", "person_times", "level", ""),
    ("惠及居民上万人。", 10_000, 10_000, INF, "人", "person", "level", ""),
    ("近百名党员到岗。", 100, 90, 100, "名", "person", "level", ""),
    ("十余家商户入驻。", 10, 10, 19, "家", "organisation", "level", ""),
    ("百余企业签约。", 100, 100, 199, "", "organisation", "level", ""),
    ("数百名学生报名。", 200, 200, 999, "名", "person", "level", ""),
    ("两名保安轮值。", 2, 2, 2, "名", "person", "level", ""),
    ("六百余人参加。", 600, 600, 699, "人", "person", "level", ""),
    ("二十五个小区完成改造。", 25, 25, 25, "个", "place", "level", ""),
    ("一万二千名居民受益。", 12_000, 12_000, 12_000, "名", "person", "level", ""),
    ("三分之二的家庭受访。", 200 / 3, 200 / 3, 200 / 3, "%", "percent", "share", ""),
    ("约四分之一的家庭受访。", 25, 23.75, 26.25, "%", "percent", "share", ""),
    ("七成居民表示满意。", 70, 70, 70, "%", "percent", "share", ""),
    ("近七成楼栋完成改造。", 70, 63, 70, "%", "percent", "share", ""),
    ("八成以上业主投票。", 80, 80, INF, "%", "percent", "share", ""),
    ("七成多的业主投票。", 70, 70, 79, "%", "percent", "share", ""),
    ("七成五的受访者愿意续聘。", 75, 75, 75, "%", "percent", "share", ""),
    ("百分之八十五的居民知晓。", 85, 85, 85, "%", "percent", "share", ""),
    ("每户补贴3至5万元。", 40_000, 30_000, 50_000, "元", "money", "level", ""),
    ("每季度开展3—5次活动。", 4, 3, 5, "次", "event", "level", ""),
    ("奖励20元至50元。", 35, 20, 50, "元", "money", "level", ""),
    ("满意率约90%。", 90, 85, 95, "%", "percent", "share", ""),
    ("投诉量同比下降12.5%。", -12.5, -12.5, -12.5, "%", "percent", "year_on_year", "同比"),
    ("参与率提高3.5个百分点。", 3.5, 3.5, 3.5, "个百分点", "percentage_points", "before_after", ""),
    ("参与人数较建设前增长了31.8%。", 31.8, 31.8, 31.8, "%", "percent", "before_after", "较建设前"),
    ("物业费收缴率比上年上升6个百分点。", 6, 6, 6, "个百分点", "percentage_points", "year_on_year", "上年"),
    ("夜间报警数环比减少两成。", -20, -20, -20, "%", "percent", "before_after", "环比"),
    ("投诉量降低约10%。", -10, -15, -5, "%", "percent", "before_after", ""),
    ("收缴率提升至93%。", 93, 93, 93, "%", "percent", "share", ""),
    ("居民参与量是去年的2.3倍。", 2.3, 2.3, 2.3, "倍", "multiple", "year_on_year", "去年"),
    ("社团数量翻了两番。", 2, 2, 2, "番", "multiple", "before_after", ""),
    ("每年节省场地费20万元以上。", 200_000, 200_000, INF, "元", "money", "level", "每年"),
    ("人均可增收2500元。", 2500, 2500, 2500, "元", "money", "before_after", ""),
    ("撬动资金1.2亿元。", 120_000_000, 120_000_000, 120_000_000, "元", "money", "level", ""),
    ("节约经费近30万元。", 300_000, 270_000, 300_000, "元", "money", "level", ""),
    ("建筑面积约2650平方米。", 2650, 2517.5, 2782.5, "平方米", "area", "level", ""),
    ("绿地12亩。", 12, 12, 12, "亩", "area", "level", ""),
    ("步道全长1.8公里。", 1.8, 1.8, 1.8, "公里", "length", "level", ""),
    ("打造15分钟生活圈。", 15, 15, 15, "分钟", "duration", "level", ""),
    ("推行“15分钟生活圈”。", 15, 15, 15, "分钟", "duration", "level", ""),
    ("每周开放六天。", 6, 6, 6, "天", "duration", "level", "每周"),
    ("累计解决诉求480余件。", 480, 480, 489, "件", "item", "level", "累计"),
    ("化解纠纷43起。", 43, 43, 43, "起", "event", "level", ""),
    ("举办讲座24场。", 24, 24, 24, "场", "event", "level", ""),
    ("开展巡逻560余场次。", 560, 560, 569, "场次", "event", "level", ""),
    ("全镇6880户家庭。", 6880, 6880, 6880, "户", "household", "level", ""),
    ("走访慰问1200余户次。", 1200, 1200, 1299, "户次", "person_times", "level", ""),
    ("孵化社会组织14个。", 14, 14, 14, "个", "organisation", "level", ""),
    ("41个社区社会组织参与。", 41, 41, 41, "个", "organisation", "level", ""),
    ("指导27个社区挂牌。", 27, 27, 27, "个", "place", "level", ""),
    ("34个因评价不高的项目退出。", 34, 34, 34, "个", "item", "level", ""),
    ("组建4支先锋队。", 4, 4, 4, "支", "organisation", "level", ""),
    ("40余位爱心商家加盟。", 40, 40, 49, "位", "organisation", "level", ""),
    ("整改消防隐患14处。", 14, 14, 14, "处", "item", "level", ""),
    ("改造闲置用房3处。", 3, 3, 3, "处", "place", "level", ""),
    ("安装路灯120盏。", 120, 120, 120, "盏", "item", "level", ""),
    ("设不少于3人的管委会。", 3, 3, INF, "人", "person", "level", ""),
    ("参加者20人左右。", 20, 15, 25, "人", "person", "level", ""),
    ("每次至少举办1场。", 1, 1, INF, "场", "event", "level", ""),
    ("成为全市首家社区书房。", 1, 1, 1, "家", "rank", "rank", ""),
    ("满意度居全省第一。", 1, 1, 1, "", "rank", "rank", ""),
    ("全年零投诉。", 0, 0, 0, "", "event", "level", ""),
    ("辖区无重大安全事故发生。", 0, 0, 0, "", "event", "level", ""),
    ("截至2025年6月，签约企业106家。", 106, 106, 106, "家", "organisation", "level", "截至2025年6月"),
    ("2023年至2024年，服务老人900人次。", 900, 900, 900, "人次", "person_times", "level", "2023年至2024年"),
    ("今年以来，开展活动500余次。", 500, 500, 599, "次", "event", "level", "今年以来"),
    ("近三年，引进项目18个。", 18, 18, 18, "个", "item", "level", "近三年"),
    ("日均接待居民200人次。", 200, 200, 200, "人次", "person_times", "level", "日均"),
    ("自设立以来，基金支出19万余元。", 190_000, 190_000, 199_999, "元", "money", "level", "自设立以来"),
    ("“六项措施”落地见效。", 6, 6, 6, "项", "item", "level", ""),
]

#: text → printed form of what is no claim, and why
NO_CLAIMS = [
    ("2024年3月15日启用。", "2024年3月15日", "date"), ("12月底前完成。", "12月底", "date"), ("上午9时30分开始。", "上午9时30分", "date"),
    ("建于上世纪90年代。", "上世纪90年代", "date"), ("第3季度开展。", "第3", "ordinal"), ("引入第三方机构。", "第三方", "ordinal"), ("“1+3+8”体系", "1+3+8", "slogan"),
    ("拨打12345热线。", "12345", "name"), ("联系电话13800138000。", "13800138000", "name"), ("5G网络", "5G", "name"), ("建设路18号院", "18号院", "address"), ("3单元居民", "3单元", "address"),
    ("35岁以下青年", "35岁以下", "age_definition"), ("80后业主", "80后", "age_definition"), ("“一站式”服务", "一站", "name"), ("一站式服务", "一站", "idiom"), ("千方百计办好", "千方", "idiom"),
    ("三级联动机制", "三级", "structure"), ("社区“两委”成员", "两委", "name"), ("《某某日报》第27版", "第27版", "publication"), ("党发〔2023〕12号文件", "〔2023〕12号", "publication"),
    ("一批特色项目", "一批", "article"), ("四位一体格局", "四位", "idiom"), ("十年如一日", "十年如一日", "idiom"), ("打通最后一公里", "一公里", "idiom"), ("三步工作法", "三步", "slogan"),
    ("1.坚持党建引领", "1.", "heading"), ("案例2：楼道会客厅", "案例2", "heading"), ("党的二十大以来", "党的二十大", "name"), ("进一步提升", "一步", "idiom"), ("撬动亿元级投资", "亿元", "idiom"),
    ("《三张清单办法》印发", "《三张清单办法》", "name"),
]


def only(text: str) -> dict[str, object]:
    frame = parse_claims(text)
    assert len(frame) == 1, frame["printed"].tolist()
    return {str(k): v for k, v in frame.iloc[0].items()}


@pytest.mark.parametrize(("text", "value", "low", "high", "unit", "unit_class", "comparison", "words"), READINGS, ids=[r[0] for r in READINGS])
def test_a_sentence_reads_as_the_table_says(text, value, low, high, unit, unit_class, comparison, words):
    row = only(text)
    assert row["value"] == pytest.approx(value)
    assert row["value_low"] == pytest.approx(low)
    assert math.isnan(row["value_high"]) if math.isinf(high) else row["value_high"] == pytest.approx(high)
    assert (row["unit"], row["unit_class"], row["comparison"], row["period_words"]) == (unit, unit_class, comparison, words)


@pytest.mark.parametrize(("text", "printed", "reason"), NO_CLAIMS, ids=[n[0] for n in NO_CLAIMS])
def test_what_is_no_claim_is_said_with_its_reason(text, printed, reason):
    parsed = parse_numbers(text, document="S4")
    assert parsed.candidates.empty
    found = parsed.not_claims.iloc[0]
    assert (found["printed"], found["reason"], found["source_id"], found["line"], found["count"]) == (printed, reason, "S4", 1, 1)


@pytest.mark.parametrize(
    ("text", "start", "end", "cumulative"),
    [
        ("2024年3月以来，累计开展活动20场。", "2024-03", "", "yes"), ("截至2025年6月30日，签约企业106家。", "", "2025-06-30", "yes"),
        ("2023年至2024年，服务老人900人次。", "2023", "2024", ""), ("2024年，新增车位35个。", "2024", "2024", ""), ("2022年起，每年举办3场。", "2022", "", "no"),
        ("2024年上半年，新增车位35个。", "2024", "2024", ""), ("每月举办2场。", "", "", "no"), ("举办2场。", "", "", ""),
    ],
)
def test_dates_and_running_totals(text, start, end, cumulative):
    row = only(text)
    assert (row["period_start"], row["period_end"], row["cumulative"]) == (start, end, cumulative)


def test_a_change_told_by_both_ends_keeps_the_first_as_the_base_of_the_second():
    frame = parse_claims("使用率由30%提高到52%，满意率为80%。")
    assert frame["value"].tolist() == [30, 52, 80]
    assert frame["baseline"].tolist()[1] == 30
    assert frame["baseline"].isna().tolist() == [True, False, True]


def test_a_flow_of_another_clause_is_not_the_period_of_this_one():
    frame = parse_claims("投诉量同比下降12%，安装路灯40盏。")
    assert frame["period_words"].tolist() == ["同比", ""]
    assert frame["comparison"].tolist() == ["year_on_year", "level"]


def test_persons_and_person_times_are_kept_apart():
    frame = parse_claims("惠及居民800人，开展服务3000人次，走访200户、600户次。")
    assert frame["unit_class"].tolist() == ["person", "person_times", "household", "person_times"]


def test_columns_are_those_of_the_ledger_and_what_a_person_needs():
    from commresearch.cases.contract import COLUMNS

    frame = parse_claims("举办活动3场。\n\n小标题\n参加居民120人。", document="S7", case_id="binhe")
    assert list(frame.columns) == [*COLUMNS["claims"], *BESIDE]
    assert frame["claim_id"].tolist() == ["binhe-001", "binhe-002"]
    assert frame["source_id"].tolist() == ["S7", "S7"]
    assert frame["line"].tolist() == [1, 4]
    assert frame["section"].tolist() == ["", "小标题"]
    assert frame["position"].tolist() == [5, 5]
    assert (frame["confirm"] == "").all()
    assert frame["confidence"].between(0, 1).all()


def test_more_than_a_thousand_numbers_keep_ids_of_the_ledgers_form():
    frame = parse_claims("服务居民3人。\n" * 1001)
    assert frame["claim_id"].tolist()[-2:] == ["case_1-000", "case_1-001"]
    assert frame["claim_id"].is_unique


def test_a_text_without_numbers_gives_an_empty_table_with_all_columns():
    for text in ("", "\n\n", "社区环境明显改善。"):
        assert parse_claims(text).empty
        assert "confirm" in parse_claims(text).columns


@pytest.mark.parametrize(
    ("text", "name"),
    [("社区居民李淑芬说，食堂每天供应120份餐。", "李淑芬"), ("书记王建国介绍，社区有志愿者35人。", "王建国"), ("通讯员 陈晓燕 报道 社区建成站点3处", "陈晓燕"), ("联系人：赵大海，共有120人报名。", "赵大海")],
)
def test_names_of_persons_stand_in_no_cell(text, name):
    frame = parse_claims(text)
    assert len(frame) >= 1
    cells = [str(cell) for cell in frame.to_numpy(dtype=object).ravel()]
    assert not any(name[1:] in cell for cell in cells)


def test_a_name_at_the_edge_of_a_quote_is_masked_before_it_is_cut():
    quote = only("累计服务居民300人，得到大家认可，居民欧阳春华说很好。")["quote"]
    assert "春华" not in quote
    assert quote.startswith("累计服务居民300人")


@pytest.mark.parametrize(("arguments", "code"), [({"document": "a"}, "CR-H01"), ({"case_id": "滨河"}, "CR-H02"), ({"case_id": "comparison"}, "CR-H02")])
def test_names_that_no_ledger_takes_are_refused(arguments, code):
    with pytest.raises(SchemaError) as caught:
        parse_claims("举办活动3场。", **arguments)
    assert [f.code for f in caught.value.failures] == [code]
    for language in Language:
        assert code in render_error(caught.value, language)


def test_both_wrong_names_are_told_at_once():
    with pytest.raises(SchemaError) as caught:
        parse_claims("举办活动3场。", document="x", case_id="X")
    assert [f.code for f in caught.value.failures] == ["CR-H01", "CR-H02"]


def test_ranges_need_two_rising_ends_of_one_unit():
    assert [t.printed for t in tokens_of("3人至5场")] == ["3人", "5场"]
    assert [t.printed for t in tokens_of("5至3名")] == ["5", "3名"]
    assert read_printed("3至5名").is_range
    assert read_printed("3名和5名") is None


def test_bracketed_sums_and_pairs_do_not_become_two_claims():
    assert parse_claims("构建“2+5+N”格局。").empty
    assert parse_claims("推行7×24小时服务。")["unit_class"].tolist() == ["duration", "duration"]
