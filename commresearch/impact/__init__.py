"""Impact: designs, estimators, inference, checks, grades and planning, all on one panel."""

from commresearch.impact.bacon import bacon_decomposition
from commresearch.impact.design import Design, detect_design
from commresearch.impact.estimate import estimate_event_study, estimate_impact
from commresearch.impact.fixed_effects import two_way_fixed_effects
from commresearch.impact.group_time import GroupTimeEffects, group_time_effects
from commresearch.impact.honest import honest_did
from commresearch.impact.interrupted_series import interrupted_time_series
from commresearch.impact.poisson import poisson_did
from commresearch.impact.randomisation import randomisation_inference
from commresearch.impact.result import CheckResult, ImpactEstimate
from commresearch.impact.synthetic_control import synthetic_control
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.impact.wild_bootstrap import wild_cluster_bootstrap

__all__ = [
    "CheckResult", "Design", "GroupTimeEffects", "ImpactEstimate", "bacon_decomposition", "detect_design", "estimate_event_study", "estimate_impact",
    "group_time_effects", "honest_did", "interrupted_time_series", "poisson_did", "randomisation_inference", "synthetic_control", "synthetic_did",
    "two_way_fixed_effects", "wild_cluster_bootstrap",
]
