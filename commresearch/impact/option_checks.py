"""Options of the estimators of counts, shares and series, checked before anything is computed."""

from collections.abc import Sequence

from commresearch.errors import EstimationError, Failure


def option_faults(options: dict[str, tuple[object, Sequence[object]]], conf_level: float) -> list[Failure]:
    """Options that are none of what is allowed, by name; and a level that is not within 0 and 1."""
    wrong = [
        Failure(code="CR-I38", values={"option": name, "got": got, "allowed": ", ".join(map(str, allowed))})
        for name, (got, allowed) in options.items() if got not in allowed
    ]
    if not 0 < conf_level < 1:
        wrong.append(Failure(code="CR-I38", values={"option": "conf_level", "got": conf_level, "allowed": "0 < conf_level < 1"}))
    return wrong


def require_options(options: dict[str, tuple[object, Sequence[object]]], conf_level: float) -> None:
    """Refuse options that do not exist.

    Raises
    ------
    EstimationError
        One of them does not (CR-I38).
    """
    if wrong := option_faults(options, conf_level):
        raise EstimationError(*wrong)
