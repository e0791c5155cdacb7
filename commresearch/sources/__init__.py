"""Survey files as received: what they are, what stands in them, and where they come from."""

from commresearch.sources.pair import read_survey_pair
from commresearch.sources.raw_table import CellType, Question, RawTable
from commresearch.sources.reading import read_survey
from commresearch.sources.row_rules import ROW_RULES

__all__ = ["ROW_RULES", "CellType", "Question", "RawTable", "read_survey", "read_survey_pair"]
