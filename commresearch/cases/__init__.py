"""Cases and the published ledger."""

from commresearch.cases.case import Case, load_case
from commresearch.cases.published import Published, load_published

__all__ = ["Case", "Published", "load_case", "load_published"]
