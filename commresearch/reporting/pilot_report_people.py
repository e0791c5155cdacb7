"""Section of the report on a pilot that people write: problems, reasons, recommendations; and the numbers in it that should be looked at."""

from commresearch.cases.narrative_file import Section
from commresearch.reporting.display import Item, heading
from commresearch.reporting.narrative_items import section, unwritten
from commresearch.reporting.narrative_numbers import doubts
from commresearch.reporting.pilot_report_page import PilotReport

WHERE_WRITTEN = (Section.BACKGROUND, Section.ACTIONS)  #: shown only where somebody wrote them
ALWAYS = (Section.PROBLEMS, Section.REASONS, Section.RECOMMENDATIONS)


def people(page: PilotReport) -> list[Item]:
    """What people wrote; where they did not, that it is to be written. The program adds nothing but the numbers they refer to."""
    shown = [*(wanted for wanted in WHERE_WRITTEN if page.narrative.blocks(wanted)), *ALWAYS]
    left = unwritten(page.narrative, shown)
    items: list[Item] = [heading(page.say("people_heading_open" if left else "people_heading", n=left)), page.prose(page.text("people_lead", file=page.narrative.file))]
    items += [item for wanted in shown for item in section(page.impact, page.narrative, wanted)]
    return [*items, *doubts(page.impact, page.narrative)]
