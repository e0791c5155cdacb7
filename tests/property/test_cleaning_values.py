from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cleaning.choices import code_multiple, code_ranking, code_single, combine_multiple, combine_ranking
from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.durations import parse_durations
from commresearch.cleaning.han import han_number
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import Parsed, Rule, is_unreadable, tidy
from commresearch.sources.raw_table import CellType
from commresearch.terms import Export
from tests.property.test_properties import spell

LABELS = {"1": "停车难", "2": "1-3次", "3": "A（甲）", "4": "其他", "5": "都没有"}
OPEN = "4"
FULL_WIDTH = {i: i + 0xFEE0 for i in range(0x21, 0x7F)}
WEIRD = st.text(st.sampled_from("0123456789０１５.,，。%％-~～—+万千百十亿一二三两零〇〖〗┋→:：年月日时分秒点上下午晚约左右以上元人岁个至到/eEkw①㎡ \u3000\u200b\n其他停车"), max_size=16)
TEXTS = st.lists(st.one_of(st.text(max_size=20), WEIRD, st.sampled_from(["", "12", "2025-03-01", "135秒", "停车难┋其他〖x〗"])), max_size=12)
PARSERS = {
    "numbers": lambda t: parse_numbers(t, unit="元"),
    "dates": parse_dates,
    "durations": parse_durations,
    "single": lambda t: code_single(t, LABELS, open_values=[OPEN]),
}

CALM = settings(max_examples=30, deadline=None)  # a busy machine is no fault of the parsers
START = pd.Timestamp("1899-12-30")


def series(cells) -> pd.Series:
    return pd.Series(list(cells), dtype="str")


def same(a: pd.Series, b: pd.Series) -> bool:
    return a.reset_index(drop=True).equals(b.reset_index(drop=True))


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@CALM
@given(cells=TEXTS)
def test_any_text_is_read_or_refused_with_a_known_rule_and_never_raises(parse, cells):
    parsed: Parsed = parse(series(cells))
    assert len(parsed.values) == len(parsed.rule) == len(cells)
    assert set(parsed.rule) <= {"", *map(str, Rule)}
    missing = parsed.values.isna().to_numpy()
    assert (missing[parsed.unreadable]).all()
    for cell, rule, gone in zip(cells, parsed.rule, missing, strict=True):
        assert not gone or rule.startswith("unreadable_") or not tidy(cell)[0]


@CALM
@given(cells=TEXTS)
def test_any_text_in_a_cell_with_several_options_is_read_or_refused(cells):
    for parsed in (code_multiple(series(cells), LABELS, open_values=[OPEN]), code_ranking(series(cells), LABELS), code_multiple(series(cells), LABELS, separators=(",", " "))):
        missing = parsed.frame.isna().to_numpy().all(axis=1)
        assert missing[parsed.unreadable[:, 0]].all()
        assert set(parsed.rule.ravel()) <= {"", *map(str, Rule)}


@CALM
@given(st.lists(st.lists(st.one_of(WEIRD, st.sampled_from(["0", "1", "", "2"])), min_size=5, max_size=5), min_size=1, max_size=6))
def test_any_text_in_a_column_per_option_is_read_or_refused(cells):
    columns = pd.DataFrame(cells, dtype="str")
    marked = combine_multiple(columns, LABELS, open_values=[OPEN])
    assert marked.frame.isna().to_numpy()[marked.unreadable].all()
    ranked = combine_ranking(columns, LABELS)
    assert ranked.frame.isna().to_numpy()[ranked.unreadable].all()
    for row in ranked.frame.astype("object").to_numpy():
        given_places = [v for v in row if isinstance(v, str)]
        assert len(set(given_places)) == len(given_places)
        assert row[: len(given_places)].tolist() == given_places


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@CALM
@given(cells=TEXTS, data=st.data())
def test_order_repetition_and_neighbours_do_not_matter(parse, cells, data):
    places = data.draw(st.lists(st.integers(0, max(len(cells) - 1, 0)), max_size=20)) if cells else []
    whole, taken = parse(series(cells)), parse(series([cells[i] for i in places]))
    assert same(taken.values, whole.values.iloc[places])
    assert taken.rule.tolist() == whole.rule[places].tolist()
    for i in places[:1]:
        alone = parse(series([cells[i]]))
        assert alone.rule[0] == whole.rule[i]
        assert same(alone.values, whole.values.iloc[[i]])


@CALM
@given(st.lists(st.text("0123456789.-~,%万千年月日:/ 上午下秒分元人约", max_size=12), max_size=8))
def test_width_does_not_change_a_value(cells):
    wide = series(c.translate(FULL_WIDTH) for c in cells)
    for parse in (lambda t: parse_numbers(t, unit="元"), parse_dates, parse_durations):
        assert same(parse(series(cells)).values, parse(wide).values)


@CALM
@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=10))
def test_a_whole_number_reads_back_however_it_is_written(numbers):
    forms = (str, "{:,}".format, lambda n: str(n).translate(FULL_WIDTH), lambda n: f" {n} ", "{}人".format, "约{}".format, "{}.0".format)
    parsed = parse_numbers(series(write(n) for write in forms for n in numbers), unit="人")
    assert parsed.values.tolist() == [float(n) for n in numbers] * len(forms)
    assert parsed.low.tolist() == parsed.high.tolist() == parsed.values.tolist()


@CALM
@given(st.lists(st.floats(-1e12, 1e12).map(lambda x: x + 0.0), min_size=1, max_size=10))
def test_a_decimal_reads_back_to_the_last_digit(numbers):
    parsed = parse_numbers(series(map(repr, numbers)))
    assert parsed.values.tolist() == numbers


@CALM
@given(st.integers(1, 99_999_999), st.integers(0, 9_999))
def test_a_spelled_number_reads_back(n, billions):
    assert han_number(spell(n)) == n
    text = (spell(billions) + "亿" if billions else "") + ("零" if billions and n < 10_000_000 else "") + spell(n)
    assert han_number(text) == billions * 10**8 + n


@CALM
@given(st.integers(0, 10**9), st.integers(1, 10**6), st.sampled_from(["-", "~", "～", "至", "到", "—"]))
def test_a_range_keeps_its_ends(low, step, sign):
    parsed = parse_numbers(series([f"{low}{sign}{low + step}"]))
    assert (parsed.rule[0], parsed.low[0], parsed.high[0]) == ("unreadable_range", low, low + step)


@CALM
@given(st.integers(1, 9_999), st.sampled_from([("万", 10**4), ("千", 10**3), ("亿", 10**8), ("百万", 10**6)]))
def test_a_scale_multiplies(tenths, scale):
    word, factor = scale
    assert parse_numbers(series([f"{tenths / 10}{word}"])).values[0] == tenths * factor // 10


DAYS = st.dates(date(1950, 1, 1), date(2049, 12, 31))  # two-digit years and five-digit day counts from 1904 mean these
SPELL_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def spelled_day(day: date) -> str:
    return f"{str(day.year).translate(SPELL_DIGITS)}年{spell(day.month)}月{spell(day.day)}日"


@CALM
@given(st.lists(DAYS, min_size=1, max_size=6))
def test_a_day_reads_back_however_it_is_written(days):
    forms = (
        str, "{0.year}/{0.month}/{0.day}".format, "{0.year}.{0.month}.{0.day}".format, "{0.year}年{0.month}月{0.day}日".format, "{:%Y%m%d}".format,
        lambda d: f"{d:%Y年%m月%d日}".translate(FULL_WIDTH), lambda d: str((d - date(1899, 12, 30)).days), spelled_day, "{0:%y}年{0.month}月{0.day}日".format,
        lambda d: f"{d.day} {d:%B} {d.year}",
    )
    parsed = parse_dates(series(write(d) for write in forms for d in days))
    assert parsed.values.tolist() == [pd.Timestamp(d) for d in days] * len(forms)
    assert parse_dates(series(str((d - date(1904, 1, 1)).days) for d in days), date1904=True).values.tolist() == [pd.Timestamp(d) for d in days]


@CALM
@given(st.integers(20_000 * 86_400, 54_000 * 86_400).map(lambda s: (START + pd.Timedelta(seconds=s)).to_pydatetime()))
def test_a_moment_reads_back_however_it_is_written(moment):
    half, hour = ("上午", "下午")[moment.hour >= 12], moment.hour % 12 or 12
    serial = (moment - START.to_pydatetime()) / timedelta(days=1)
    day = f"{moment.year}/{moment.month}/{moment.day}"
    cells = [
        str(moment), moment.isoformat(), moment.isoformat() + "+08:00", f"{day} {moment:%H:%M:%S}", f"{day} {moment.hour}:{moment:%M:%S}",
        f"{day} {half} {hour}:{moment:%M:%S}", f"{day} {hour}:{moment:%M:%S} {'AP'[moment.hour >= 12]}M", f"{moment:%Y%m%d%H%M%S}", repr(serial),
        f"{moment.year}年{moment.month}月{moment.day}日{moment.hour}时{moment.minute}分{moment.second}秒",
    ]
    assert parse_dates(series(cells)).values.tolist() == [pd.Timestamp(moment)] * len(cells)


@CALM
@given(st.integers(0, 99 * 3_600))
def test_a_duration_reads_back_however_it_is_written(seconds):
    hours, rest = divmod(seconds, 3_600)
    minutes, left = divmod(rest, 60)
    cells = [str(seconds), f"{seconds}秒", f"{hours}:{minutes:02d}:{left:02d}", f"{hours}小时{minutes}分{left}秒", f"{seconds // 60}分{left}秒", f"{seconds // 60}:{left:02d}"]
    assert parse_durations(series(cells)).values.tolist() == [seconds] * len(cells)


FILLS = st.text(st.sampled_from("停车充电┋→，。 x1"), max_size=8).map(str.strip).filter(bool)
CHOSEN = st.lists(st.lists(st.sampled_from(list(LABELS)), unique=True, max_size=5), min_size=1, max_size=6)


@CALM
@given(chosen=CHOSEN, fill=FILLS)
def test_option_texts_and_a_column_per_option_give_the_same_frame(chosen, fill):
    def label(value):
        return f"{LABELS[value]}〖{fill}〗" if value == OPEN else LABELS[value]

    text = code_multiple(series("┋".join(map(label, sorted(c))) for c in chosen), LABELS, open_values=[OPEN], export=Export.TEXT)
    marks = [[(fill if v == OPEN and fill != "1" else "1") if v in c else "0" for v in LABELS] if c else [""] * 5 for c in [*chosen, ["1"]]]
    code = combine_multiple(pd.DataFrame(marks, dtype="str", columns=list(LABELS)), LABELS, open_values=[OPEN])
    pd.testing.assert_frame_equal(text.frame, code.frame.iloc[:-1])
    if fill != "1":
        pd.testing.assert_series_equal(text.other, code.other.iloc[:-1])
    for c, row in zip(chosen, text.frame.to_numpy(), strict=True):
        assert [v for v, there in zip(LABELS, row, strict=True) if not pd.isna(there) and there] == sorted(c)
        assert pd.isna(row).all() == (not c)
    assert not is_unreadable(text.rule).any()
    assert text.other.dropna().tolist() == [fill for c in chosen if OPEN in c]


@CALM
@given(chosen=CHOSEN)
def test_a_ranking_reads_the_same_from_one_cell_and_from_columns(chosen):
    cell = code_ranking(series("→".join(LABELS[v] for v in c) for c in chosen), LABELS, export=Export.TEXT)
    values = code_ranking(series("→".join(c) for c in chosen), LABELS, export=Export.CODE)
    columns = pd.DataFrame([[str(c.index(v) + 1) if v in c else "" for v in LABELS] for c in chosen], dtype="str")
    for frame in (values.frame, combine_ranking(columns, LABELS).frame):
        pd.testing.assert_frame_equal(cell.frame, frame)
    assert [[v for v in row if isinstance(v, str)] for row in cell.frame.astype("object").to_numpy()] == chosen


@CALM
@given(st.lists(st.sampled_from(list(LABELS)), min_size=1, max_size=10))
def test_a_single_choice_reads_the_same_from_texts_and_from_numbers(values):
    text = code_single(series(LABELS[v] for v in values), LABELS, export=Export.TEXT)
    code = code_single(series(values), LABELS, export=Export.CODE)
    assert text.values.tolist() == code.values.tolist() == values
    assert not (text.rule != "").any()
    assert not (code.rule != "").any()


@CALM
@given(st.integers(1, 12), st.integers(1, 28), st.integers(2000, 2040))
def test_an_option_that_became_a_date_comes_back(month, day, year):
    labels = {"a": f"{month}-{day}", "b": f"{month}-{day + 1}", "c": "更多"}
    parsed = code_single(series([f"{year}-{month:02d}-{day:02d} 00:00:00"]), labels, types=np.array([CellType.DATE]))
    assert (parsed.values[0], parsed.rule[0]) == ("a", "date_was_option")
