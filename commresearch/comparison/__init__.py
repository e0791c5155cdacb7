"""Comparison: what published figures can bear, and how far two readings of the sources agree."""

from commresearch.comparison.agreement import Agreement, reading_agreement
from commresearch.comparison.claims_audit import audit_claims

__all__ = ["Agreement", "audit_claims", "reading_agreement"]
