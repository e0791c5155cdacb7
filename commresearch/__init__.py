"""commresearch: research and evaluation kit for community-operation pilots.

Importing the package imports nothing heavy; a public name loads its module at first use.
"""

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "Published": "commresearch.cases",
    "audit_claims": "commresearch.comparison",
    "load_published": "commresearch.cases",
    "reading_agreement": "commresearch.comparison",
}
__all__ = ["Published", "audit_claims", "load_published", "reading_agreement"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'commresearch' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
