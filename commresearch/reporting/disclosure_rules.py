"""Rules of release: which counts of persons are small, and how an edition shows them."""

from commresearch.cases.case import Release

HIDDEN = "·"  #: stands in the place of a hidden number
PUBLIC = "public"


def hides(rules: Release) -> bool:
    """Whether small counts are hidden: they are in the public edition."""
    return rules.edition == PUBLIC


def is_small(count: int | None, rules: Release) -> bool:
    """Whether a count of persons must not be shown: from 1 to one below the threshold. Nobody is no person."""
    return count is not None and 0 < count < rules.threshold


def rounded(count: int, rules: Release) -> int:
    """A count as the edition shows it: to the next multiple of the base, halves upwards; as it is in the internal edition."""
    base = rules.rounding if hides(rules) else 1
    return base * ((2 * count + base) // (2 * base))


def shown_interval(count: int, rules: Release) -> tuple[float, float]:
    """What a reader knows of a cell that is shown: the counts that look like this one, of which those below the threshold would be hidden."""
    base, shown = (rules.rounding if hides(rules) else 1), rounded(count, rules)
    low, high = max(shown - base // 2, 0), shown - base // 2 + base - 1
    least = rules.threshold if hides(rules) else 1
    if shown == 0:
        return 0.0, float(high if high >= least else 0)
    return float(max(low, least)), float(max(high, least))


def narrowest(rules: Release) -> float:
    """How wide the interval of a hidden cell has to stay: from one person to the threshold."""
    return float(rules.threshold - 1)
