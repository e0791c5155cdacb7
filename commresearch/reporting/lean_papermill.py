"""papermill and nbformat without a grammar that neither needs.

Beside JupyterLab, jsonschema loads a parser of internationalised web addresses as soon as it is imported, half of the time that papermill takes to load;
no schema of a notebook asks for such addresses. Told that the parser is not there, jsonschema leaves it out.
"""

import sys

GRAMMAR = "rfc3987_syntax"

_is_ours = sys.modules.setdefault(GRAMMAR, None) is None  # type: ignore[arg-type]
try:
    import nbformat
    import papermill
finally:
    if _is_ours:
        del sys.modules[GRAMMAR]

__all__ = ["nbformat", "papermill"]
