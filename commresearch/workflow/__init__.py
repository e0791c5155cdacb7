"""What the command line and the notebooks call, from a folder to checked facts."""

from commresearch.workflow.check import LedgerSummary, check_published

__all__ = ["LedgerSummary", "check_published"]
