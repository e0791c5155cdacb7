"""commresearch: research and evaluation kit for community-operation pilots.

Importing the package imports nothing heavy; a public name loads its module at first use.
"""

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "Case": "commresearch.cases",
    "CleanTable": "commresearch.cleaning",
    "Codebook": "commresearch.cleaning",
    "EventTable": "commresearch.cleaning",
    "Panel": "commresearch.outcomes",
    "Published": "commresearch.cases",
    "RawTable": "commresearch.sources",
    "Weights": "commresearch.survey",
    "audit_claims": "commresearch.comparison",
    "build_panel": "commresearch.outcomes",
    "calibrate": "commresearch.survey",
    "clean_events": "commresearch.cleaning",
    "clean_survey": "commresearch.cleaning",
    "draft_codebook": "commresearch.cleaning",
    "estimate_mean": "commresearch.survey",
    "estimate_quantile": "commresearch.survey",
    "estimate_ratio": "commresearch.survey",
    "estimate_share": "commresearch.survey",
    "estimate_total": "commresearch.survey",
    "load_case": "commresearch.cases",
    "load_published": "commresearch.cases",
    "post_stratify": "commresearch.survey",
    "rake": "commresearch.survey",
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
}
__all__ = [
    "Case",
    "CleanTable",
    "Codebook",
    "EventTable",
    "Panel",
    "Published",
    "RawTable",
    "Weights",
    "audit_claims",
    "build_panel",
    "calibrate",
    "clean_events",
    "clean_survey",
    "draft_codebook",
    "estimate_mean",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_share",
    "estimate_total",
    "load_case",
    "load_published",
    "post_stratify",
    "rake",
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
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'commresearch' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
