"""What the command line and the notebooks call, from a folder to checked facts."""

from commresearch.workflow.check import LedgerSummary, check_published
from commresearch.workflow.clean_case import CleanedSurvey, clean_case
from commresearch.workflow.export import export_case
from commresearch.workflow.scaffold import write_questionnaire, write_scaffold

__all__ = [
    "CleanedSurvey", "LedgerSummary", "check_published", "clean_case", "export_case", "write_questionnaire", "write_scaffold",
]
