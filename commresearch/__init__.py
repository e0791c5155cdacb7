"""commresearch: research and evaluation kit for community-operation pilots.

Importing the package imports nothing heavy; a public name loads its module at first use.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "Case": "commresearch.cases",
    "CleanTable": "commresearch.cleaning",
    "Codebook": "commresearch.cleaning",
    "Design": "commresearch.impact",
    "EventTable": "commresearch.cleaning",
    "GroupTimeEffects": "commresearch.impact",
    "ImpactEstimate": "commresearch.impact",
    "Panel": "commresearch.outcomes",
    "Published": "commresearch.cases",
    "RawTable": "commresearch.sources",
    "Weights": "commresearch.survey",
    "audit_claims": "commresearch.comparison",
    "bacon_decomposition": "commresearch.impact",
    "build_panel": "commresearch.outcomes",
    "calibrate": "commresearch.survey",
    "clean_events": "commresearch.cleaning",
    "clean_survey": "commresearch.cleaning",
    "detect_design": "commresearch.impact",
    "draft_codebook": "commresearch.cleaning",
    "estimate_event_study": "commresearch.impact",
    "estimate_impact": "commresearch.impact",
    "estimate_mean": "commresearch.survey",
    "estimate_quantile": "commresearch.survey",
    "estimate_ratio": "commresearch.survey",
    "estimate_share": "commresearch.survey",
    "estimate_total": "commresearch.survey",
    "group_time_effects": "commresearch.impact",
    "honest_did": "commresearch.impact",
    "interrupted_time_series": "commresearch.impact",
    "load_case": "commresearch.cases",
    "load_published": "commresearch.cases",
    "poisson_did": "commresearch.impact",
    "pool_effects": "commresearch.comparison",
    "post_stratify": "commresearch.survey",
    "qca": "commresearch.comparison.qca",
    "rake": "commresearch.survey",
    "randomisation_inference": "commresearch.impact",
    "rao_scott_test": "commresearch.survey",
    "read_codebook": "commresearch.cleaning",
    "read_events": "commresearch.cleaning",
    "read_survey": "commresearch.sources",
    "read_survey_pair": "commresearch.sources",
    "reading_agreement": "commresearch.comparison",
    "reliability": "commresearch.survey",
    "satisfaction": "commresearch.survey",
    "score_scale": "commresearch.survey",
    "simulate_pilot": "commresearch.simulate",
    "survey_regression": "commresearch.survey",
    "synthetic_control": "commresearch.impact",
    "synthetic_did": "commresearch.impact",
    "two_way_fixed_effects": "commresearch.impact",
    "wild_cluster_bootstrap": "commresearch.impact",
}
__all__ = [
    "Case",
    "CleanTable",
    "Codebook",
    "Design",
    "EventTable",
    "GroupTimeEffects",
    "ImpactEstimate",
    "Panel",
    "Published",
    "RawTable",
    "Weights",
    "audit_claims",
    "bacon_decomposition",
    "build_panel",
    "calibrate",
    "clean_events",
    "clean_survey",
    "detect_design",
    "draft_codebook",
    "estimate_event_study",
    "estimate_impact",
    "estimate_mean",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_share",
    "estimate_total",
    "group_time_effects",
    "honest_did",
    "interrupted_time_series",
    "load_case",
    "load_published",
    "poisson_did",
    "pool_effects",
    "post_stratify",
    "qca",
    "rake",
    "randomisation_inference",
    "rao_scott_test",
    "read_codebook",
    "read_events",
    "read_survey",
    "read_survey_pair",
    "reading_agreement",
    "reliability",
    "satisfaction",
    "score_scale",
    "simulate_pilot",
    "survey_regression",
    "synthetic_control",
    "synthetic_did",
    "two_way_fixed_effects",
    "wild_cluster_bootstrap",
]


def late_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package whose public names load their module at first use.

    Parameters
    ----------
    package
        Its name.
    modules
        Public name → the module that holds it, or that it is. No other module inside the package may be called like one of the names: once imported, it
        would stand in its place.
    """

    def look_up(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(modules[name])
        return module if modules[name].endswith(f".{name}") else getattr(module, name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return look_up, names


__getattr__, __dir__ = late_names(__name__, _PUBLIC)
