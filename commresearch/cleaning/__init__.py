"""From received cells to typed, pseudonymous answers, with every change on record."""

from commresearch.cleaning.clean import clean_survey
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook, read_codebook
from commresearch.cleaning.draft import draft_codebook

__all__ = ["CleanTable", "Codebook", "clean_survey", "draft_codebook", "read_codebook"]
