"""From received cells to typed, pseudonymous answers, with every change on record."""

from commresearch.cleaning.clean import clean_survey
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook, read_codebook
from commresearch.cleaning.draft import draft_codebook
from commresearch.cleaning.event_cleaning import clean_events
from commresearch.cleaning.event_reading import read_events
from commresearch.cleaning.event_table import EventTable, read_event_table

__all__ = [
    "CleanTable", "Codebook", "EventTable", "clean_events", "clean_survey", "draft_codebook", "read_codebook", "read_event_table", "read_events",
]
