"""Comparison: what published figures can bear, what estimates say jointly, which combinations go with which outcomes; a name loads its module at first use."""

from typing import TYPE_CHECKING

from commresearch import late_names

if TYPE_CHECKING:
    from commresearch.comparison.agreement import Agreement, reading_agreement
    from commresearch.comparison.claims_audit import audit_claims
    from commresearch.comparison.pooling import Comparison, pool_effects
else:
    _MODULES = {
        "Agreement": "commresearch.comparison.agreement",
        "reading_agreement": "commresearch.comparison.agreement",
        "audit_claims": "commresearch.comparison.claims_audit",
        "Comparison": "commresearch.comparison.pooling",
        "pool_effects": "commresearch.comparison.pooling",
    }
    __getattr__, __dir__ = late_names(__name__, _MODULES)

__all__ = ["Agreement", "Comparison", "audit_claims", "pool_effects", "reading_agreement"]
