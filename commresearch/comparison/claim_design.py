"""Checks of what a printed change can be compared with: C10, C11."""

from collections.abc import Iterator, Sequence
from functools import cache

from commresearch.cases.claim import NOT_DONE, Claim
from commresearch.comparison.claim_regression_to_mean import Choice, End, Period, SimulatedChange, expected_change, simulate_change
from commresearch.comparison.finding import Finding, Gap, signed_percent
from commresearch.terms import ChosenBy, Kind, Verdict
from commresearch.words import number

SHARE = 0.2  #: part of all places that was chosen, where nothing is known of it
VARIATION = 0.5  #: standard deviation over mean between places; complaints and hours of use vary at least as much
PLACES, DRAWS, SEED = 50, 2_000, 10  #: of the simulation: communities of a district, times that they are drawn
STABILITY = (0.5, 0.8)  #: correlation of a place's values in two years: loose, close
RESULTS = frozenset({Kind.OUTCOME, Kind.REACH})


def selected_on_outcome(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C10: were the places chosen for the very thing that then changed, and how much would that choice bring about alone?"""
    for claim in claims:
        if claim.kind not in RESULTS or claim.meaning in NOT_DONE or not claim.direction:
            continue
        if claim.chosen_by in {ChosenBy.ALL, ChosenBy.RANDOM}:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=f"C10_{claim.chosen_by}")
        elif claim.chosen_by == ChosenBy.VOLUNTEER:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C10_volunteer", gaps=(Gap.OTHERS,))
        else:
            text = f"C10_{claim.chosen_by or ChosenBy.UNKNOWN}"
            gaps = (Gap.OTHERS,) if claim.chosen_by == ChosenBy.WORST else ()
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=text, values=_sizes(claim), gaps=gaps)


def _sizes(claim: Claim) -> dict[str, object]:
    """What choosing alone brings about, in percent, for the two stabilities, in the direction of the claim."""
    best = claim.chosen_by == ChosenBy.BEST
    # A rise began where values were lowest, or is told of where they ended highest; a fall the other way round.
    end = End.HIGHEST if (claim.direction < 0) != best else End.LOWEST
    choices = [Choice(share=SHARE, autocorrelation=r, variation=VARIATION, end=end, by=Period.AFTER if best else Period.BEFORE) for r in STABILITY]
    loose, close = (expected_change(choice) for choice in choices)
    drawn = _drawn(choices[0])
    return {
        "share": number(100 * SHARE), "variation": number(VARIATION), "loose_r": number(STABILITY[0]), "close_r": number(STABILITY[1]),
        "loose": signed_percent(loose), "close": signed_percent(close), "places": number(PLACES), "chosen": number(round(SHARE * PLACES)),
        "low": signed_percent(drawn.low), "high": signed_percent(drawn.high),
    }


@cache
def _drawn(choice: Choice) -> SimulatedChange:
    """What the choice does in one place of its size after another: with few places it is more, or less, than expected."""
    return simulate_change(choice, units=PLACES, draws=DRAWS, seed=SEED)


def no_comparison(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C11: is a change held against places or people without the work? If not it stays an uncontrolled before and after."""
    for claim in claims:
        if claim.kind not in RESULTS or claim.meaning in NOT_DONE or not claim.direction:
            continue
        if claim.comparator:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C11_named", values={"group": claim.comparator})
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C11_none", gaps=(Gap.OTHERS,))
