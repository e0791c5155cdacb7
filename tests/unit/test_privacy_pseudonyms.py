import base64
import hmac
import re

import pandas as pd
import pytest

from commresearch.cleaning.anonymity import k_anonymity
from commresearch.cleaning.national_id import check_character
from commresearch.cleaning.pseudonyms import (
    LENGTH,
    LETTERS,
    is_pseudonym,
    key_fingerprint,
    keyed_pseudonyms,
    parse_key,
    pseudonymise,
    read_key,
    require_key_outside,
    require_same_key,
)
from commresearch.errors import CleaningError
from commresearch.words import render_error

KEY = bytes(range(32))
ID = "37999919520229123" + check_character("37999919520229123")


def codes(error):
    return [f.code for f in error.value.failures]


def test_one_person_has_one_pseudonym_however_the_number_is_written():
    texts = pd.Series([ID, f"{ID[:6]} {ID[6:]}", "379999520229123", ID.lower()], index=[3, 4, 5, 6], name="身份证号")
    result = pseudonymise(texts, KEY, purpose="national_id")
    assert len(set(result)) == 1
    assert result.index.tolist() == [3, 4, 5, 6]
    assert result.name == "身份证号"
    mobiles = pd.Series(["15412345678", "+86 154-1234-5678", "8615412345678", "15412345678.0", "１５４１２３４５６７８"])
    assert len(set(pseudonymise(mobiles, KEY, purpose="mobile"))) == 1
    ips = pd.Series(["10.1.2.3(山东-威海)", "10.1.2.3"])
    assert len(set(pseudonymise(ips, KEY, purpose="ip"))) == 1
    names = pd.Series(["王 秀兰", "王秀兰"])
    assert len(set(pseudonymise(names, KEY, purpose="name"))) == 1


def test_persons_keys_and_purposes_are_told_apart():
    texts = pd.Series([f"154{i:08d}" for i in range(5000)])
    first = pseudonymise(texts, KEY, purpose="mobile")
    assert first.nunique() == 5000
    assert not set(first) & set(pseudonymise(texts, KEY, purpose="landline"))
    assert not set(first) & set(pseudonymise(texts, KEY[::-1], purpose="mobile"))
    assert first.tolist() == pseudonymise(texts[::-1], KEY, purpose="mobile").sort_index().tolist()


def test_a_pseudonym_is_no_number_and_no_date_to_anybody():
    result = pseudonymise(pd.Series([f"154{i:08d}" for i in range(2000)]), KEY, purpose="mobile")
    assert result.str.fullmatch(f"[{LETTERS}]{{{LENGTH}}}").all()
    assert not re.search("[0-9aeiou]", "".join(result))
    assert len(set(LETTERS)) == 16


def test_the_pseudonyms_of_a_key_never_change():
    """The digests were made by `openssl dgst -sha256 -mac HMAC -macopt hexkey:…`."""
    digests = ("e60b0d35bdc7f2578524", "cf6608da017b0717")
    pseudonym, fingerprint = (d.translate(str.maketrans("0123456789abcdef", LETTERS)) for d in digests)
    assert pseudonymise(pd.Series(["15412345678"]), KEY, purpose="mobile").tolist() == [pseudonym]
    assert key_fingerprint(KEY) == fingerprint


@pytest.mark.parametrize("key", [KEY[:16], bytes(range(64)), bytes(range(65))], ids=len)
def test_pseudonyms_are_hmacs_of_purpose_and_text(key):
    texts = ["15412345678", "", "王秀兰", "\ud800", "a" * 200]
    digests = [hmac.digest(key, b"commresearch/pseudonym/name\0" + t.encode("utf-8", "surrogatepass"), "sha256") for t in texts]
    letters = [d.hex()[:LENGTH].translate(str.maketrans("0123456789abcdef", LETTERS)) for d in digests]
    assert keyed_pseudonyms(texts, key, purpose="name") == letters
    assert keyed_pseudonyms([], key, purpose="name") == []


def test_cells_that_say_nothing_stay_and_what_is_no_number_goes():
    texts = pd.Series(["（跳过）", "无", "", None, "没有手机", "123", "15412345678"])
    assert pseudonymise(texts, KEY, purpose="mobile").tolist()[:6] == ["（跳过）", "无", "", "", "", ""]
    assert is_pseudonym(pseudonymise(texts, KEY, purpose="mobile")[6])


def test_doing_it_again_changes_nothing():
    once = pseudonymise(pd.Series(["王秀兰", "", "无"]), KEY, purpose="name")
    assert pseudonymise(once, KEY, purpose="name").tolist() == once.tolist()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (KEY.hex(), KEY),
        (KEY.hex().upper() + "\r\n", KEY),
        ("\ufeff" + KEY.hex(), KEY),
        (base64.b64encode(KEY).decode(), KEY),
        (base64.urlsafe_b64encode(bytes(range(224, 256))).decode(), bytes(range(224, 256))),
        ("一把足够长的密钥", "一把足够长的密钥".encode()),
        ("a long phrase with blanks", b"a long phrase with blanks"),
        ("abcdefghijklmnopqrst", b"abcdefghijklmnopqrst"),
    ],
)
def test_a_key_is_read_from_hexadecimal_base64_or_text(text, key):
    assert parse_key(text) == key


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "CR-P01"), ("short", "CR-P01"), ("00" * 15, "CR-P02"), ("aaaaaaaaaaaaaaaaaaaaa", "CR-P02"), ("短密钥", "CR-P01")],
)
def test_weak_keys_are_refused(text, code):
    with pytest.raises(CleaningError) as error:
        parse_key(text)
    assert codes(error) == [code]
    assert "密钥" in render_error(error.value, "zh")
    assert "key" in render_error(error.value, "en")


def test_short_bytes_are_refused_everywhere():
    for call in (lambda: key_fingerprint(b"x" * 15), lambda: pseudonymise(pd.Series(["王敏"]), b"", purpose="name")):
        with pytest.raises(CleaningError) as error:
            call()
        assert codes(error) == ["CR-P01"]


def test_a_key_inside_the_project_is_refused(tmp_path):
    root, outside = tmp_path / "project", tmp_path / "elsewhere"
    root.mkdir()
    outside.mkdir()
    (outside / "key.txt").write_text(KEY.hex())
    require_key_outside(outside / "key.txt", root)
    require_key_outside(tmp_path / "project2" / "key.txt", root)
    (outside / "link").symlink_to(root)
    for path in (root / "key.txt", root / "deep" / "key.txt", outside / ".." / "project" / "key.txt", outside / "link" / "key.txt"):
        with pytest.raises(CleaningError) as error:
            require_key_outside(path, root)
        assert codes(error) == ["CR-P03"]
        assert str(root) in render_error(error.value, "zh")


def test_a_key_file_may_hold_text_or_bytes(tmp_path):
    root, key = tmp_path / "project", bytes(range(200, 232))
    root.mkdir()
    for name, data in (("text", f"{key.hex()}\r\n".encode("utf-8-sig")), ("wide", f"{key.hex()}\n".encode("utf-16")), ("bytes", key)):
        (tmp_path / name).write_bytes(data)
        assert read_key(tmp_path / name, root) == key
    (tmp_path / "short").write_bytes(b"\xff" * 10)
    (root / "key").write_bytes(key)
    for path, code in ((tmp_path / "none", "CR-P10"), (root, "CR-P11"), (tmp_path / "short", "CR-P01"), (root / "key", "CR-P03")):
        with pytest.raises(CleaningError, match=code):
            read_key(path, root)


def test_waves_are_linked_only_under_one_key():
    one, other = key_fingerprint(KEY), key_fingerprint(KEY[::-1])
    assert one != other
    require_same_key({})
    require_same_key({"2024": one})
    require_same_key({"2024": ""})
    require_same_key({"2024": one, "2025": one})
    with pytest.raises(CleaningError) as error:
        require_same_key({"2024": one, "2025": other})
    assert codes(error) == ["CR-P04"]
    assert f"2024：{one}；2025：{other}" in render_error(error.value, "zh")
    assert f"2024: {one}; 2025: {other}" in render_error(error.value, "en")
    with pytest.raises(CleaningError) as error:
        require_same_key({"2024": one, "2025": "", "2026": ""})
    assert codes(error) == ["CR-P05", "CR-P05"]
    assert "2025" in render_error(error.value, "zh")
    assert "2026 was cleaned without a key" in render_error(error.value, "en")


def test_k_anonymity_counts_rows_in_small_cells():
    frame = pd.DataFrame({"age": [30] * 25 + [40] * 10 + [50] * 4 + [None], "sex": ["1"] * 40})
    result = k_anonymity(frame, ["age", "sex"])
    assert (result.k, result.n_cells, result.n_rows, result.quasi) == (1, 4, 40, ("age", "sex"))
    assert result.share_below_5 == pytest.approx(5 / 40)
    assert result.share_below_20 == pytest.approx(15 / 40)
    assert result.cells["n"].tolist() == [1, 4, 10, 25]
    assert k_anonymity(frame, []).k == 40
    empty = k_anonymity(frame.iloc[:0], ["age"])
    assert (empty.k, empty.n_cells, empty.share_below_5) == (0, 0, 0.0)
    assert k_anonymity(frame.iloc[:0], []).k == 0
    with pytest.raises(KeyError):
        k_anonymity(frame, ["income"])


def test_categories_without_rows_are_no_cells():
    frame = pd.DataFrame({"band": pd.Categorical(["a"] * 6, categories=["a", "b"])})
    assert k_anonymity(frame, ["band"]).k == 6
