"""What the command line and the notebooks call, from a folder to checked facts; a name loads its module at first use."""

from typing import TYPE_CHECKING

from commresearch import late_names

if TYPE_CHECKING:
    from commresearch.workflow.case_claims import compare_case_claims
    from commresearch.workflow.case_estimates import CaseEstimates, estimate_case, plan_of
    from commresearch.workflow.case_logs import CleanedLog, clean_logs, log_columns
    from commresearch.workflow.case_panels import CasePanel, build_case_panels, check_logs
    from commresearch.workflow.case_plan import CasePlan, draw_case_rollout, lock_case_plan, plan_case
    from commresearch.workflow.case_surveys import CleanedSurvey, check_cases, clean_case
    from commresearch.workflow.check import LedgerSummary, check_published
    from commresearch.workflow.clean_reports import require_clean_reports
    from commresearch.workflow.export import export_case
    from commresearch.workflow.pilot_comparison import compare_pilots
    from commresearch.workflow.pilot_effects import own_effects, simulated_effects
    from commresearch.workflow.scaffold import write_questionnaire, write_scaffold
else:
    _MODULES = {
        "compare_case_claims": "commresearch.workflow.case_claims",
        "CaseEstimates": "commresearch.workflow.case_estimates",
        "estimate_case": "commresearch.workflow.case_estimates",
        "plan_of": "commresearch.workflow.case_estimates",
        "CleanedLog": "commresearch.workflow.case_logs",
        "clean_logs": "commresearch.workflow.case_logs",
        "log_columns": "commresearch.workflow.case_logs",
        "CasePanel": "commresearch.workflow.case_panels",
        "build_case_panels": "commresearch.workflow.case_panels",
        "check_logs": "commresearch.workflow.case_panels",
        "CasePlan": "commresearch.workflow.case_plan",
        "draw_case_rollout": "commresearch.workflow.case_plan",
        "lock_case_plan": "commresearch.workflow.case_plan",
        "plan_case": "commresearch.workflow.case_plan",
        "CleanedSurvey": "commresearch.workflow.case_surveys",
        "check_cases": "commresearch.workflow.case_surveys",
        "clean_case": "commresearch.workflow.case_surveys",
        "require_clean_reports": "commresearch.workflow.clean_reports",
        "LedgerSummary": "commresearch.workflow.check",
        "check_published": "commresearch.workflow.check",
        "export_case": "commresearch.workflow.export",
        "compare_pilots": "commresearch.workflow.pilot_comparison",
        "own_effects": "commresearch.workflow.pilot_effects",
        "simulated_effects": "commresearch.workflow.pilot_effects",
        "write_questionnaire": "commresearch.workflow.scaffold",
        "write_scaffold": "commresearch.workflow.scaffold",
    }
    __getattr__, __dir__ = late_names(__name__, _MODULES)

__all__ = [
    "CaseEstimates",
    "CasePanel",
    "CasePlan",
    "CleanedLog",
    "CleanedSurvey",
    "LedgerSummary",
    "build_case_panels",
    "check_cases",
    "check_logs",
    "check_published",
    "clean_case",
    "clean_logs",
    "compare_case_claims",
    "compare_pilots",
    "draw_case_rollout",
    "estimate_case",
    "export_case",
    "lock_case_plan",
    "log_columns",
    "own_effects",
    "plan_case",
    "plan_of",
    "require_clean_reports",
    "simulated_effects",
    "write_questionnaire",
    "write_scaffold",
]
