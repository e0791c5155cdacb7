"""What the command line and the notebooks call, from a folder to checked facts."""

from commresearch.workflow.check import LedgerSummary, check_published
from commresearch.workflow.clean_case import CleanedSurvey, check_cases, clean_case, require_clean_reports
from commresearch.workflow.export import export_case
from commresearch.workflow.scaffold import write_questionnaire, write_scaffold

__all__ = [
    "CleanedSurvey", "LedgerSummary", "check_cases", "check_published", "clean_case", "export_case", "require_clean_reports", "write_questionnaire", "write_scaffold",
]
