"""What always holds: no planted identifier survives, rows and other cells stay, once is enough."""

import string

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commresearch.cleaning.anonymity import k_anonymity
from commresearch.cleaning.identifiers import find_identifiers, id_forms
from commresearch.cleaning.leak_scan import find_leaks
from commresearch.cleaning.masking import TOKENS, SeenTexts, mask_text
from commresearch.cleaning.national_id import age_on, check_character, is_national_id, normal_national_id
from commresearch.cleaning.privacy import apply_privacy
from commresearch.cleaning.pseudonyms import is_pseudonym, parse_key, pseudonymise
from commresearch.cleaning.text_spans import JoinedTexts, plain_text

KEY = bytes(range(32))
RELAXED = settings(deadline=None)  # a busy machine is no failure
DATES = st.dates(min_value=pd.Timestamp("1920-01-01").date(), max_value=pd.Timestamp("2024-12-31").date())
NUMBERS = st.builds(lambda day, serial: f"379999{day:%Y%m%d}{serial:03d}", DATES, st.integers(0, 999)).map(
    lambda first: first + check_character(first)
)
MOBILES = st.integers(0, 10**8 - 1).map(lambda n: f"154{n:08d}")
#: characters of ordinary answers, no numerals among them
CHARACTERS = "的了我不在人有他这中大来上个国到说们为子和你地出也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文"
WORDS = st.text(alphabet=CHARACTERS, max_size=12)
#: what stands in texts of logs: identifiers of all kinds, whole, mistyped and cut off, codes, and what lies close to them
PIECES = st.one_of(
    WORDS, NUMBERS, MOBILES, NUMBERS.map(lambda n: n[:17] + "0"), st.integers(0, 10**9).map(lambda n: f"379901{n:09d}"),
    st.sampled_from([
        "3号楼2单元501", "和平街5-3号", "文化东路180号", "住中山路8号", "幸福巷8弄6号楼12号201室", "鲁Z12345", "微信：lihua_88", "WX Lihua_88", "QQ123456789",
        "3-2-501", "3#1-502", "3-2-2001", "张家村45号", "幸福社区3组12号", "我的微信xiaoming", "我家3-501", "京·A88888", "0631 520 1234", "家", "#",
        "\u0130", "a@example.cn", "10.20.30.40", "v1.20.30.40", "2001:db8::1", "0631-5201234", "电话5201234", "我叫王秀兰", "联系人：李敏", "王秀兰", "１５４", "\t", "，", " ",
        "投诉人：", "签字：", "居民代表：钱多多、", "zhou@example。com", "zhou @ example.com", "ip10.20.30.40", "q号12345678", "154-一二三四-5678", "联系王秀兰", "（男，67岁）", "的手机号码",
        "投诉人：周大勇和", "zhou@ EXAMPLE.COM",
    ]),
)
TEXTS = st.lists(PIECES, max_size=4).map("".join)


def spread(number, gap):
    return gap.join((number[:3], number[3:7], number[7:]))


@settings(RELAXED)
@given(WORDS, MOBILES, st.sampled_from(["", " ", "-"]), WORDS, st.booleans())
def test_a_mobile_number_is_masked_wherever_it_stands(before, mobile, gap, after, full_width):
    written = spread(mobile, gap)
    text = f"{before}，{written}。{after}"
    text = "".join(chr(ord(c) + 0xFEE0) if full_width and c.isdecimal() else c for c in text)
    masked, counts = mask_text(pd.Series([text]))
    assert TOKENS["mobile"] in masked[0]
    assert not any(c.isdecimal() for c in masked[0])
    assert (counts["identifier"] == "mobile").any()
    assert mask_text(masked)[0].tolist() == masked.tolist()


@settings(RELAXED)
@given(WORDS, NUMBERS, WORDS)
def test_a_national_id_is_masked_and_its_form_does_not_matter(before, number, after):
    masked, _ = mask_text(
        pd.Series([f"{before}：{number}{after}", f"{before}：{number[:6]} {number[6:14]} {number[14:].lower()}，{after}"])
    )
    assert not any(c.isdecimal() for text in masked for c in text)
    spaced = pd.Series([number, f"{number[:6]} {number[6:]}", number.lower()])
    assert len(set(normal_national_id(spaced))) == 1
    assert is_national_id(spaced).all()


OPENINGS = st.sampled_from(["", "我是", "我叫", "本人", "本人是", "我系", "这是", "您好，我是", "我住", "我家在", "反映：", "我是业主", "我是网格员", "投诉人：", "签字：", "联系"])
NAMED = st.sampled_from([
    "李林", "张建国", "王英", "王芳", "欧阳娜", "金华", "龙华", "白云", "江东", "金海", "车建国", "3号楼501", "二号楼五零一", "12栋1502室", "5号楼120", "8号楼102号",
    "3号楼501号房", "工人新村45号", "张家村3组12号", "幸福社区三组十二号", "li@example。com", "li @ example.com", "ip10.20.30.40", "q号12345678", "154-一二三四-5678",
])
ENDINGS = st.sampled_from([
    "", "，", "。", " ", "手机坏了", "住在三单元", "住3号楼", "今年65岁", "的房子漏水", "的舅妈", "的意见", "的家", "家漏水", "的居民", "住户", "的", "电话打不通", "微信没有",
    "室", "号房的住户", "盏路灯", "和202室", "…", "”", "~", ")", "|", "\n", "\t好",
])


@settings(RELAXED)
@given(st.lists(st.tuples(OPENINGS, NAMED, ENDINGS).map("".join), min_size=1, max_size=3), st.sampled_from(["", "，", "\n"]))
@example(["我是李林手机坏了"], "")
@example(["3号楼501“"], "")
def test_the_search_of_written_files_finds_nothing_in_masked_texts(parts, between):
    masked, _ = mask_text(pd.Series([between.join(parts)]))
    assert find_leaks(plain_text(masked[0])) == []


@settings(RELAXED)
@given(NUMBERS, st.integers(0, 16), st.sampled_from(string.digits))
def test_one_wrong_digit_is_always_noticed(number, position, digit):
    wrong = number[:position] + digit + number[position + 1 :]
    assert is_national_id(pd.Series([wrong])).tolist() == [wrong == number]


@settings(RELAXED)
@given(DATES, DATES)
def test_age_is_the_number_of_birthdays(birth, on):
    age = age_on(pd.Series([pd.Timestamp(birth)]), on)[0]
    if on < birth:
        assert age is pd.NA
    else:
        birthdays = sum((year, birth.month, birth.day) <= (on.year, on.month, on.day) for year in range(birth.year + 1, on.year + 1))
        assert age == birthdays


@settings(RELAXED)
@given(st.lists(TEXTS, min_size=1, max_size=8, unique=True))
@example(["和平街5-3号", "1栋2单元501"]).via("the sign of a door in one text, a house in the text before it")
@example(["\u0130", "WX Lihua_88"]).via("a character that is longer in lower case")
def test_what_is_found_in_a_text_does_not_depend_on_the_texts_beside_it(texts):
    joined = JoinedTexts(pd.Series(texts, dtype="str"))
    found, forms = joined.by_text(find_identifiers(joined.plain)), id_forms(joined)
    for position, text in enumerate(joined.texts):
        assert found.get(position, []) == find_identifiers(plain_text(text))
        assert forms.get(position, []) == id_forms(JoinedTexts(pd.Series([text], dtype="str"))).get(0, [])


@settings(RELAXED)
@given(st.lists(st.tuples(st.lists(TEXTS, max_size=8), st.sampled_from([(), ("王秀兰",), ("王秀兰", "高峰")])), min_size=1, max_size=5), st.booleans())
def test_texts_that_were_seen_before_are_masked_as_if_they_were_new(pieces, with_codes):
    seen = SeenTexts()
    codes = [f"3799992025030{day}{serial:04d}0"[:18] for day in range(1, 4) for serial in range(10)] if with_codes else []
    for number, (cells, names) in enumerate(pieces):
        texts = pd.Series([*cells, *codes[number:]], dtype="str")  # a piece may hold enough codes to be a column of them, or not
        masked, counts = mask_text(texts, names, seen=seen)
        alone, counts_alone = mask_text(texts, names)
        assert masked.tolist() == alone.tolist()
        pd.testing.assert_frame_equal(counts, counts_alone)


@settings(RELAXED)
@given(st.lists(st.text(max_size=8), max_size=20))
@example(["\x0c", "\x80"]).via("a form feed beside text that is not ASCII")
def test_joined_texts_lead_back_to_every_cell(cells):
    joined = JoinedTexts(pd.Series(cells, dtype="str"))
    assert [joined.texts[i] for i in joined.codes] == [c.replace("\0", " ") for c in cells]
    assert joined.plains == [plain_text(t) for t in joined.texts]


@settings(RELAXED)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20), st.sampled_from(sorted(TOKENS)))
def test_pseudonyms_follow_the_cell_and_not_the_order(cells, purpose):
    texts = pd.Series(cells, dtype="str")
    once = pseudonymise(texts, KEY, purpose=purpose)
    assert once[::-1].tolist() == pseudonymise(texts[::-1], KEY, purpose=purpose).tolist()
    assert pseudonymise(once, KEY, purpose=purpose).tolist() == once.tolist()
    assert all(new in {"", old} or is_pseudonym(new) for old, new in zip(texts, once, strict=True))


@settings(RELAXED)
@given(st.binary(min_size=16, max_size=64).filter(lambda b: len(set(b)) >= 5))
def test_a_key_survives_being_written_as_hexadecimal(key):
    assert parse_key(f" {key.hex()}\n") == key


@settings(RELAXED, max_examples=30)
@given(st.lists(st.tuples(NUMBERS, MOBILES, WORDS), min_size=1, max_size=12), st.booleans(), st.randoms(use_true_random=False))
def test_the_gate_keeps_rows_and_other_columns_and_lets_nothing_through(rows, with_key, random):
    frame = pd.DataFrame(
        {
            "身份证号": [n for n, _, _ in rows],
            "备注": [f"{w}，{m}" for _, m, w in rows],
            "满意度": [random.choice(["满意", "一般", "(跳过)", ""]) for _ in rows],
        },
        index=range(2, len(rows) + 2),
        dtype="str",
    )
    on = pd.Series(pd.Timestamp("2025-06-01"), index=frame.index)
    key = KEY if with_key else None

    def gated(table):
        return apply_privacy(
            table,
            declared={},
            free_text=dict.fromkeys(table.columns.intersection(["备注"]), ()),
            key=key,
            file="a",
            sheet="b",
            row_ids=[str(i) for i in table.index],
            on=on.loc[table.index],
        )

    gate = gated(frame)
    text = gate.frame.to_csv() + gate.log.to_csv()
    assert not any(n in text or m in text for n, m, _ in rows)
    assert gate.frame.index.equals(frame.index)
    assert gate.frame["满意度"].tolist() == frame["满意度"].tolist()
    pd.testing.assert_frame_equal(gated(gate.frame).frame, gate.frame)
    order = list(frame.index)
    random.shuffle(order)
    pd.testing.assert_frame_equal(gated(frame.loc[order]).frame.loc[frame.index, gate.frame.columns], gate.frame)


@settings(RELAXED)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=60))
def test_k_anonymity_counts_every_row_once(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"])
    result = k_anonymity(frame, ["a", "b"])
    assert result.cells["n"].sum() == len(frame)
    assert 0 <= result.share_below_5 <= result.share_below_20 <= 1
    assert result.k == (np.inf if frame.empty else frame.groupby(["a", "b"]).size().min()) or frame.empty
