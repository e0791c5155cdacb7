from datetime import date

import pandas as pd
import pytest

from commresearch.cleaning.national_id import (
    REASONS,
    age_on,
    check_character,
    derive_from_national_id,
    exact_birth_dates,
    is_national_id,
    normal_national_id,
    without_birth_days,
)
from commresearch.cleaning.places import ip_place, province_names
from commresearch.terms import Language


def numbered(first):
    return first + check_character(first)


GOOD = numbered("37999919900101123")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD, ""),
        (f" {GOOD[:6]} {GOOD[6:14]}-{GOOD[14:]} ", ""),
        ("".join(chr(ord(c) + 0xFEE0) for c in GOOD), ""),
        (numbered("37999919900101124").lower(), ""),
        (numbered("81000019900101123"), ""),
        (numbered("82000019900101123"), ""),
        (numbered("83000019900101123"), ""),
        (numbered("93711119900101123"), ""),
        ("379999900101123", ""),
        ("", "blank"),
        ("—", "blank"),
        (GOOD[:17], "length"),
        ("37999X19900101123X", "characters"),
        ("三" * 18, "characters"),
        (numbered("99999919900101123"), "province"),
        (numbered("16000019900101123"), "province"),
        (numbered("37999919900231123"), "birth_date"),
        (numbered("37999919901301123"), "birth_date"),
        (numbered("37999918790101123"), "birth_date"),
        (GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), "check_digit"),
        (numbered("37999920300101123"), "born_later"),
        ("379999190101123", "birth_date"),
        ("37999990010112X", "characters"),
    ],
)
def test_a_number_is_read_or_refused_with_its_reason(text, reason):
    facts = derive_from_national_id(pd.Series([text]), date(2025, 6, 1))
    assert facts["reason"].tolist() == [reason]
    assert facts["valid"].tolist() == [reason == ""]
    assert reason in REASONS
    if reason != "born_later":
        assert is_national_id(pd.Series([text])).tolist() == [reason == ""]


def test_nothing_is_derived_from_a_number_that_is_not_valid():
    facts = derive_from_national_id(pd.Series([GOOD[:17], None, GOOD]), date(2025, 6, 1))
    assert facts["age"].isna().tolist() == [True, True, False]
    assert facts["sex"].isna().tolist() == [True, True, False]
    assert facts["area6"].tolist() == ["", "", "379999"]


def test_sex_is_the_parity_of_the_seventeenth_digit_and_cards_of_foreigners_have_no_area():
    numbers = pd.Series([numbered("37999919900101121"), numbered("37999919900101122"), numbered("93711119900101128")], index=[7, 8, 9])
    facts = derive_from_national_id(numbers)
    assert facts["sex"].tolist() == ["1", "2", "2"]
    assert facts["area6"].tolist() == ["379999", "379999", ""]
    assert facts["age"].isna().all()
    assert facts.index.tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("birth", "on", "age"),
    [
        ("1990-06-01", "2025-05-31", 34),
        ("1990-06-01", "2025-06-01", 35),
        ("2000-02-29", "2025-02-28", 24),
        ("2000-02-29", "2025-03-01", 25),
        ("2000-02-29", "2024-02-29", 24),
        ("2000-02-29", "2024-02-28", 23),
        ("2025-06-01", "2025-06-01", 0),
        ("2025-06-02", "2025-06-01", None),
        ("1990-06-01", None, None),
        (None, "2025-06-01", None),
        ("1990-06-01", "2025-06-01 23:59", 35),
    ],
)
def test_age_is_in_completed_years(birth, on, age):
    ages = age_on(pd.Series([birth], dtype="datetime64[ns]"), pd.Series([on], dtype="datetime64[ns]"))
    assert ages.dtype == "Int64"
    assert ages.isna().tolist() == [age is None]
    assert age is None or ages.tolist() == [age]


def test_every_row_has_its_own_day():
    on = pd.Series(pd.to_datetime(["2024-12-31", "2025-01-01"]))
    assert derive_from_national_id(pd.Series([GOOD, GOOD]), on)["age"].tolist() == [34, 35]
    with pytest.raises(ValueError, match="index"):
        age_on(pd.Series(pd.to_datetime(["1990-01-01"]), index=[5]), on)


BIRTHS = [
    ("1980-05-17", "1980-05"),
    ("1980年5月17日", "1980-05"),
    ("一九八〇年五月十七日", "1980-05"),
    ("1980-05-17 08:00:00", "1980-05"),
    ("19800517", "1980-05"),
    ("800517", "1980-05"),
    ("29221", "1980-01"),
    ("1980年5月", "1980年5月"),
    ("198005", "198005"),
    ("1980", "1980"),
    ("1980年", "1980年"),
    ("3/1/1980", "〔日〕"),
    ("5-17", "〔日〕"),
    ("农历1980年五月初八", "农历〔日〕"),
    ("５月１７日", "〔日〕"),
    ("19801301", "〔日〕"),
    ("不愿说", "不愿说"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "cut"), BIRTHS)
def test_birth_dates_lose_their_day_and_keep_year_and_month(text, cut):
    cells = pd.Series([text], dtype="str", name="born")
    once = without_birth_days(cells, "〔日〕")
    assert once.tolist() == [cut]
    assert without_birth_days(once, "〔日〕").tolist() == [cut]
    assert exact_birth_dates(cells).notna().tolist() == [cut != text and "〔" not in cut]


def test_nobody_is_born_after_the_answer():
    cells, on = pd.Series(["45-5-17", "2031-01-01"], dtype="str"), pd.Series([pd.Timestamp("2026-05-16"), pd.NaT])
    assert exact_birth_dates(cells, on).dt.year.tolist()[0] == 1945
    assert without_birth_days(cells, "〔日〕", on).tolist() == ["1945-05", "〔日〕"]
    assert without_birth_days(cells, "〔日〕", on.iloc[1:]).tolist()[1] == "2031-01"


def test_one_person_has_one_number():
    texts = pd.Series(["379999520229123", f"{numbered('37999919520229123')[:17]} {numbered('37999919520229123')[17].lower()}", "没有", ""])
    assert normal_national_id(texts).tolist() == [numbered("37999919520229123")] * 2 + ["没有", ""]


def test_a_divider_inside_a_text_does_not_shift_the_others():
    assert is_national_id(pd.Series(["3799\x0099", GOOD])).tolist() == [False, True]
    assert is_national_id(pd.Series([], dtype="str")).tolist() == []


def test_provinces_have_names_in_both_languages():
    assert province_names(["379999", "819999", "", "169999"], Language.ZH) == ["山东", "香港", "", ""]
    assert province_names(["379999"], Language.EN) == ["Shandong"]


def test_the_place_behind_an_ip_address():
    cells = pd.Series(["10.1.2.3(山东-威海)", "10.1.2.3（山东-威海） ", "10.1.2.3", "", None])
    assert ip_place(cells).tolist() == ["山东-威海", "山东-威海", "", "", ""]
