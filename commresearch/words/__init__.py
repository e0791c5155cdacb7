"""Every sentence and label, in both languages, and the one renderer of errors.

Texts stand in TOML files beside this module, one table per key with `zh` and `en`, so that a pair is read together.
"""

from commresearch.words.catalogue import entries, has, say
from commresearch.words.messages import render_error
from commresearch.words.numbers import claim_range, claim_value, number, period

__all__ = ["claim_range", "claim_value", "entries", "has", "number", "period", "render_error", "say"]
