"""From received cells to typed, pseudonymous answers, with every change on record. A name loads its module at first use."""

from typing import TYPE_CHECKING

from commresearch import late_names

if TYPE_CHECKING:
    from commresearch.cleaning.clean import clean_survey
    from commresearch.cleaning.clean_table import CleanTable
    from commresearch.cleaning.codebook import Codebook, read_codebook
    from commresearch.cleaning.draft import draft_codebook
    from commresearch.cleaning.event_cleaning import clean_events
    from commresearch.cleaning.event_reading import read_events
    from commresearch.cleaning.event_table import EventTable, read_event_table
else:
    _MODULES = {
        "clean_survey": "commresearch.cleaning.clean",
        "CleanTable": "commresearch.cleaning.clean_table",
        "Codebook": "commresearch.cleaning.codebook",
        "read_codebook": "commresearch.cleaning.codebook",
        "draft_codebook": "commresearch.cleaning.draft",
        "clean_events": "commresearch.cleaning.event_cleaning",
        "read_events": "commresearch.cleaning.event_reading",
        "EventTable": "commresearch.cleaning.event_table",
        "read_event_table": "commresearch.cleaning.event_table",
    }
    __getattr__, __dir__ = late_names(__name__, _MODULES)

__all__ = [
    "CleanTable", "Codebook", "EventTable", "clean_events", "clean_survey", "draft_codebook", "read_codebook", "read_event_table",
    "read_events",
]
