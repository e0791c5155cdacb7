"""Parts of a lesson on their way through a notebook: what its cells show, as JSON beside the Markdown that a reader of the notebook sees."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask
from commresearch.course.parts import Explore, Head, Sheet, Step

PART = "application/vnd.commresearch.course+json"  #: how a notebook holds a part of a lesson beside its Markdown
KINDS: Mapping[str, type] = {
    "head": Head, "step": Step, "number": NumberTask, "choice": ChoiceTask, "judgement": JudgementTask, "explore": Explore, "sheet": Sheet,
}
Part = Head | Step | NumberTask | ChoiceTask | JudgementTask | Explore | Sheet


def to_content(part: Part) -> dict[str, Any]:
    """A part as JSON can hold it, with its kind; mappings become pairs, because files of notebooks sort the names in them."""
    kind = next(name for name, held in KINDS.items() if held is type(part))
    return {"kind": kind, **_plain(part)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return [[key, _plain(item)] for key, item in value.items()]
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def from_content(content: Mapping[str, Any]) -> Any:
    """The part again."""
    return _made(KINDS[content["kind"]], {name: value for name, value in content.items() if name != "kind"})


def _made(wanted: Any, value: Any) -> Any:
    """A value of the type that a field asks for."""
    if isinstance(wanted, type) and is_dataclass(wanted):
        hints = get_type_hints(wanted)
        return wanted(**{field.name: _made(hints[field.name], value[field.name]) for field in fields(wanted)})
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(value)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is tuple:
        inner = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
        return tuple(_made(one, item) for one, item in zip(inner, value, strict=True))
    if origin not in {None, Union, UnionType}:  # a mapping, as pairs
        return {key: _made(arguments[1], item) for key, item in value}
    return value
