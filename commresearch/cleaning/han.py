"""汉字 numerals of a cell, strictly: a numeral that people could read in two ways is no number."""

import re

from commresearch.cases.numerals import DIGITS, SCALES

HAN = "零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸"
_PLAIN = str.maketrans("〇壹贰叁肆伍陆柒捌玖拾佰仟萬億兩貳參陸", "零一二三四五六七八九十百千万亿两二三六")
_DIGIT = "一二两三四五六七八九"
_SECTION = re.compile(rf"(?:零?([{_DIGIT}])千)?(?:零?([{_DIGIT}])百)?(?:零?([{_DIGIT}]?)(十))?(?:零?([{_DIGIT}]))?")
_LOOSE = re.compile(rf"[百千万亿][{_DIGIT}]$")  #: 一百二 is 120 to most and 102 to some
_PAIR = re.compile(rf"((?:[{_DIGIT}]?十)?)([{_DIGIT}])([{_DIGIT}])([十百千万亿]*)")
_PLACES = re.compile(rf"[{_DIGIT}][零{_DIGIT}]*零[零{_DIGIT}]*")  #: digits in their places, 一〇五


def han_number(text: str) -> int | None:
    """Value of a numeral (一百二十, 两千, 三万五千, 一〇五, 贰佰); None where it is not one, or may be read in two ways (一百二)."""
    plain = text.translate(_PLAIN)
    if plain in SCALES:
        return SCALES[plain]
    if plain == "零":
        return 0
    if _PLACES.fullmatch(plain):
        return han_digits(plain)
    if plain.startswith("零") or _LOOSE.search(plain):
        return None
    return _value(plain)


def han_digits(text: str) -> int | None:
    """Value of digits written one by one (二〇二五); None where another character stands among them."""
    plain = text.translate(_PLAIN)
    if not plain or any(c not in DIGITS for c in plain):
        return None
    return int("".join(str(DIGITS[c]) for c in plain))


def han_span(text: str) -> tuple[int, int] | None:
    """Both ends of two numbers in one word: 三四十 is 30 to 40, 十五六 is 15 to 16."""
    match = _PAIR.fullmatch(text.translate(_PLAIN))
    if match is None or DIGITS[match[3]] != DIGITS[match[2]] + 1:
        return None
    low, high = (han_number(match[1] + digit + match[4]) for digit in (match[2], match[3]))
    return None if low is None or high is None else (low, high)


def _value(text: str) -> int | None:
    for mark in "亿万":
        head, found, tail = text.partition(mark)
        if found:
            left, right = _value(head), _value(tail) if tail else 0
            if left is None or right is None or right >= SCALES[mark]:
                return None
            return left * SCALES[mark] + right
    match = _SECTION.fullmatch(text)
    if match is None or not text:
        return None
    thousands, hundreds, tens, ten, ones = (match[i] or "" for i in range(1, 6))
    total = 1_000 * DIGITS.get(thousands, 0) + 100 * DIGITS.get(hundreds, 0) + DIGITS.get(ones, 0)
    return int(total + 10 * DIGITS.get(tens, 1 if ten else 0))
