"""Section of the report on impact on what was published of the case: claimed, measured again, estimated."""

from commresearch.reporting.claims_beside import claims_beside, far_apart
from commresearch.reporting.display import Item, heading
from commresearch.reporting.impact_page import ImpactPage
from commresearch.words import say


def claims(page: ImpactPage) -> list[Item]:
    """Every published number that the case lists; nothing where it lists none."""
    if page.claims.empty:
        return []
    title = say("pilots.claims_heading", page.language, n=len(page.claims), apart=far_apart(page.claims))
    return [heading(title), page.prose(say("pilots.claims_lead", page.language)), *claims_beside(page, page.claims)]
