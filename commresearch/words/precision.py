"""Estimates in words: as many digits as their interval allows, and shares of counts."""

import math

from commresearch.words.numbers import number

SMALL_BASE = 100  #: shares of fewer things than this are shown without decimals
HALF_A_TENTH = 0.05
SMALL_P = 0.005  #: p values below this would be shown as zero
NOISE = 1e-9  #: half an interval this small beside its ends is what rounding in the computer leaves of none
MINUS = "−"


def decimals_of(estimate: float, low: float = math.nan, high: float = math.nan, *, significant: int = 2) -> int:
    """Decimals that an estimate may be shown with.

    Parameters
    ----------
    estimate, low, high : float
        The estimate and its interval, in the unit in which they are shown; without an interval NaN.
    significant : int
        Digits wanted: two for shares, three for means.

    Returns
    -------
    int
        As many as are wanted, but the last one is the first or the second significant digit of half the interval; below zero where
        an interval is so wide that whole tens or hundreds are all it allows.
    """
    wanted = significant - 1 - _magnitude(estimate)
    half = half_interval(low, high)
    if math.isfinite(half):
        return min(max(wanted, -_magnitude(half)), 1 - _magnitude(half))
    return max(wanted, 0)


def half_interval(low: float, high: float) -> float:
    """Half an interval; NaN where there is none, or only rounding noise: the mean of equal numbers."""
    half = (high - low) / 2
    return half if math.isfinite(half) and half > NOISE * max(abs(low), abs(high)) else math.nan


def decimals_of_difference(low: float, high: float, digits: int) -> int:
    """Decimals of a difference between two versions of an estimate with this interval, itself shown with `digits`.

    The two share most of their data, so the difference is known better than each: one decimal at least, where the interval of the
    estimate has that many.
    """
    half = half_interval(low, high)
    finest = 1 - _magnitude(half) if math.isfinite(half) else digits + 1
    return min(finest, max(digits, 1))


def with_interval(estimate: float, low: float = math.nan, high: float = math.nan, *, significant: int = 2, digits: int | None = None) -> str:
    """An estimate with its interval behind it: 62 (58, 66); without an interval the estimate alone, without an estimate a dash.

    `digits` are the decimals where something else than this interval sets them.
    """
    digits = decimals_of(estimate, low, high, significant=significant) if digits is None else digits
    if not (math.isfinite(estimate) and math.isfinite(half_interval(low, high))):
        return fixed(estimate, digits)
    return f"{fixed(estimate, digits)} ({fixed(low, digits)}, {fixed(high, digits)})"


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals (below zero: to tens, hundreds, …), thousands separators and a true minus; a dash for none."""
    if not math.isfinite(value):
        return "—"
    rounded = round(abs(value), digits)
    text = f"{rounded:,.{max(digits, 0)}f}"
    return f"{MINUS}{text}" if value < 0 and rounded != 0 else text


def signed(value: float, digits: int) -> str:
    """A difference with its sign: +1.9, −0.4; 0 where nothing of it is left after rounding."""
    text = fixed(value, digits)
    return text if text.startswith((MINUS, "—")) or float(text.replace(",", "")) == 0 else f"+{text}"


def percent_of(part: float, whole: float, *, error: float = 0.0) -> str:
    """A share of counted things in percent, without its sign: 12.4; 0; 100; < 0.1 for what rounding would hide; a dash of nothing.

    Numbers that may be off by `error` give a decimal only where the share is known to half of it.
    """
    if not whole:
        return "—"
    share = 100 * part / whole
    if part in {0, whole}:
        return number(share)
    digits = 0 if whole < SMALL_BASE or 100 * error / whole > HALF_A_TENTH else 1
    least = 10.0**-digits
    if share < least / 2:
        return f"< {least:g}"
    return f"> {100 - least:g}" if share > 100 - least / 2 else f"{share:.{digits}f}"


def _magnitude(value: float) -> int:
    """Place of the first significant digit: 62 → 1, 5.3 → 0, 0.08 → −2; 0 for zero."""
    return math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0


def short(value: float, *, sign: bool = False) -> str:
    """A number of a finding in about three digits, never as a power of ten: 0.42, −12.3, +350; 0 for what is nothing; a dash for none."""
    if not math.isfinite(value):
        return "—"
    digits = min(max(2 - _magnitude(value), 0), 3) if value else 0
    return signed(value, digits) if sign else fixed(value, digits)


def p_text(value: float) -> str:
    """A p value with its sign of comparison: = 0.03, < 0.005; a dash for none."""
    if not math.isfinite(value):
        return "= —"
    return "< 0.005" if value < SMALL_P else f"= {value:.2f}"
