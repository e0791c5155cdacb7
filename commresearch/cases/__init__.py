"""Cases and the published ledger."""

from commresearch.cases.published import Published, load_published

__all__ = ["Published", "load_published"]
