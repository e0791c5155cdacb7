"""Qualitative comparative analysis of few cases: calibration, truth table, minimisation, necessity, robustness and what chance does.

`calibrate` → `truth_table` → `minimise`; `necessity` beside it; `robustness`, `error_stability`, `xy_table`, `contradictory_assumptions` and the chance benchmark to judge
what comes out. Crisp and fuzzy sets; multi-value sets are refused.
"""

from commresearch.comparison.chance import ChanceBenchmark, chance_benchmark, chance_by_size
from commresearch.comparison.necessary_sets import necessity
from commresearch.comparison.set_error import ErrorStability, error_stability
from commresearch.comparison.set_membership import calibrate
from commresearch.comparison.set_models import SolutionType
from commresearch.comparison.set_robustness import Robustness, robustness
from commresearch.comparison.set_solution import Ambiguity, Solution, contradictory_assumptions, minimise
from commresearch.comparison.truth_rows import TruthTable, truth_table
from commresearch.comparison.xy_cases import CaseKind, XYTable, xy_table

__all__ = [
    "Ambiguity",
    "CaseKind",
    "ChanceBenchmark",
    "ErrorStability",
    "Robustness",
    "Solution",
    "SolutionType",
    "TruthTable",
    "XYTable",
    "calibrate",
    "chance_benchmark",
    "chance_by_size",
    "contradictory_assumptions",
    "error_stability",
    "minimise",
    "necessity",
    "robustness",
    "truth_table",
    "xy_table",
]
