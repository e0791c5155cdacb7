"""The styles of seaborn without its plots, which load the statistics of SciPy: longer than everything else that draws.

The package is entered without running what it imports as a whole; afterwards nothing of it stays behind, so that whoever imports seaborn has all of it.
"""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

PACKAGE = "seaborn"

_is_ours = PACKAGE not in sys.modules
if _is_ours and (_spec := find_spec(PACKAGE)):
    sys.modules[PACKAGE] = module_from_spec(_spec)
try:
    axes_style = import_module(f"{PACKAGE}.rcmod").axes_style
    import_module(f"{PACKAGE}.cm")  # the colours that a style names
finally:
    for _name in [name for name in sys.modules if _is_ours and name.partition(".")[0] == PACKAGE]:
        del sys.modules[_name]

__all__ = ["axes_style"]
