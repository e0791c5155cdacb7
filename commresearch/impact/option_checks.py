"""Options of the estimators, checked before anything is computed."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from commresearch.errors import EstimationError, Failure

LEVELS = "0 < conf_level < 1"


def is_level(value: object) -> bool:
    """Whether something is a number between 0 and 1."""
    return isinstance(value, Real) and 0 < float(value) < 1


def is_count(value: object, least: int) -> bool:
    """Whether something is a whole number that is not below `least`."""
    return isinstance(value, Integral) and int(value) >= least


def is_seed(value: object) -> bool:
    """Whether random numbers can start from something: a whole number from 0 on, or a generator."""
    return isinstance(value, np.random.Generator) or is_count(value, 0)


def option_faults(options: dict[str, tuple[object, Sequence[object]]], conf_level: object, *, draws: object = 1, seed: object = 0) -> list[Failure]:
    """Options that are none of what is allowed, by name; a level that is not within 0 and 1, fewer draws than one, a seed that is none."""
    allowed = {name: (got, ", ".join(map(str, those))) for name, (got, those) in options.items() if got not in those}
    if not is_level(conf_level):
        allowed["conf_level"] = (conf_level, LEVELS)
    if not is_count(draws, 1):
        allowed["draws"] = (draws, "draws >= 1")
    if not is_seed(seed):
        allowed["seed"] = (seed, "seed >= 0")
    return [Failure(code="CR-I38", values={"option": name, "got": str(got), "allowed": those}) for name, (got, those) in allowed.items()]


def require_options(options: dict[str, tuple[object, Sequence[object]]], conf_level: object, *, draws: object = 1, seed: object = 0) -> None:
    """Refuse options that do not exist, a level that is none, fewer draws than one and seeds that are none.

    Raises
    ------
    EstimationError
        One of these (CR-I38).
    """
    if wrong := option_faults(options, conf_level, draws=draws, seed=seed):
        raise EstimationError(*wrong)
