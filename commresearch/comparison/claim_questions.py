"""What issuers are asked: what a passage leaves open about several numbers is asked once, naming them; every other finding points there."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from commresearch.cases.claim import Claim
from commresearch.comparison.finding import Finding, Gap, shown
from commresearch.terms import Check, Language
from commresearch.words import say

Found = tuple[Check, Finding]
ROUTINE = (Check.MISSING_BASE, Check.STOCK_OR_FLOW)  #: asked of most numbers, so that pages count them apart
GAPS: tuple[object, ...] = tuple(Gap)  #: in the order in which they are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What one finding asks, and what is asked elsewhere in its stead.

    leads : sequence of (claims, gaps)
        Gaps that it asks about, for all claims of the passage that share them.
    elsewhere : sequence of (check, claim)
        Findings that ask about the rest of its gaps.
    """

    check: Check
    finding: Finding
    claim: Claim
    leads: tuple[tuple[tuple[Claim, ...], tuple[Gap, ...]], ...] = ()
    elsewhere: tuple[tuple[Check, Claim], ...] = ()

    @property
    def asked_at(self) -> str:
        """The findings that ask in its stead, as claim_id:check; blank where it asks for itself or nothing is open."""
        return " ".join(f"{claim.claim_id}:{check}" for check, claim in self.elsewhere)

    def question(self, language: Language) -> str:
        """What to ask the issuer, with the numbers it is about; empty where nothing is open or all of it is asked elsewhere."""
        alone = [self.finding.own_question(language)] if self.finding.asks_alone else []
        alone += [_gap(gap, 1, language) for claims, gaps in self.leads if claims == (self.claim,) for gap in gaps]
        shared = [(claims, [_gap(gap, len(claims), language) for gap in gaps]) for claims, gaps in self.leads if claims != (self.claim,)]
        asked = [((self.claim,), alone), *shared] if alone else shared
        apart = say("checks.question_joiner", language)
        return apart.join(say("checks.ask", language, names=_named(claims, language), question=apart.join(texts)) for claims, texts in asked)

    def detail(self, language: Language) -> str:
        """The sentence of the finding, and where the question about it stands if that is elsewhere."""
        return self.finding.detail(language) + "".join(self._pointers(language))

    def _pointers(self, language: Language) -> list[str]:
        own = [say(f"checks.{check}_name", language) for check, claim in self.elsewhere if claim == self.claim]
        others = [say("checks.name_alone", language, name=claim.names[language]) for _, claim in self.elsewhere if claim != self.claim]
        joiner = say("checks.joiner", language)
        pointers = [say("checks.asked_under", language, check=joiner.join(own))] if own else []
        return pointers + ([say("checks.asked_with", language, names=joiner.join(dict.fromkeys(others)))] if others else [])


def inquiries(found: Sequence[Found], claims: Sequence[Claim]) -> list[Inquiry]:
    """One per finding, in their order: every gap of a passage is asked once, best by a check that meets it seldom, at the first claim that this finds."""
    by_id = {claim.claim_id: claim for claim in claims}
    order = {claim.claim_id: place for place, claim in enumerate(sorted(claims, key=_place))}
    shared: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, (_, finding) in enumerate(found):
        for gap in finding.gaps:
            shared[(*_passage(by_id[finding.claim_id]), gap)].append(place)
    leads: dict[int, dict[tuple[Claim, ...], list[Gap]]] = defaultdict(lambda: defaultdict(list))
    elsewhere: dict[int, list[int]] = defaultdict(list)
    firsts = {key: min(places, key=lambda place: (found[place][0] in ROUTINE, order[found[place][1].claim_id], place)) for key, places in shared.items()}
    for key in sorted(shared, key=lambda key: (order[found[firsts[key]][1].claim_id], GAPS.index(key[-1]))):
        first, places, gap = firsts[key], shared[key], Gap(str(key[-1]))
        members = sorted({found[place][1].claim_id for place in places}, key=order.__getitem__)
        leads[first][tuple(by_id[claim_id] for claim_id in members)].append(gap)
        for place in places:
            if place != first:
                elsewhere[place].append(first)
    return [
        Inquiry(
            check=check, finding=finding, claim=by_id[finding.claim_id],
            leads=tuple((members, tuple(gaps)) for members, gaps in leads[place].items()) if place in leads else (),
            elsewhere=tuple((found[first][0], by_id[found[first][1].claim_id]) for first in dict.fromkeys(elsewhere.get(place, ()))),
        )
        for place, (check, finding) in enumerate(found)
    ]


def _place(claim: Claim) -> tuple[str, float, str]:
    """Where a claim stands; the order of rows is no matter."""
    return claim.source_id, -1 if math.isnan(claim.line) else claim.line, claim.claim_id


def _passage(claim: Claim) -> tuple[str, ...]:
    """Section of the document, else its line; where neither is known the claim stands alone."""
    if claim.section:
        return claim.case_id, claim.source_id, claim.section
    if claim.source_id and not math.isnan(claim.line):
        return claim.case_id, claim.source_id, str(claim.line)
    return (claim.claim_id,)


def _gap(gap: Gap, n_claims: int, language: Language) -> str:
    return say(f"checks.gap_{gap}_each" if n_claims > 1 else f"checks.gap_{gap}", language)


def _named(claims: Sequence[Claim], language: Language) -> str:
    """Claims by their names and numbers, with the place where one is known."""
    return say("checks.joiner", language).join(_one_named(claim, language) for claim in claims)


def _one_named(claim: Claim, language: Language) -> str:
    values = {"name": claim.names[language], "value": shown(claim)[language]}
    place = claim.places[language]
    return say("checks.named_at", language, place=place, **values) if place else say("checks.named", language, **values)
