"""What the command line and the notebooks call, from a folder to checked facts."""

from commresearch.workflow.case_logs import CleanedLog, clean_logs
from commresearch.workflow.case_panels import CasePanel, build_case_panels, check_logs
from commresearch.workflow.check import LedgerSummary, check_published
from commresearch.workflow.clean_case import CleanedSurvey, check_cases, clean_case, require_clean_reports
from commresearch.workflow.export import export_case
from commresearch.workflow.scaffold import write_questionnaire, write_scaffold

__all__ = [
    "CasePanel", "CleanedLog", "CleanedSurvey", "LedgerSummary", "build_case_panels", "check_cases", "check_logs", "check_published", "clean_case", "clean_logs", "export_case",
    "require_clean_reports", "write_questionnaire", "write_scaffold",
]
