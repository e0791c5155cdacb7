"""From cells to typed columns: one variable at a time, by what the codebook says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.choices import code_multiple, code_ranking, code_single, combine_multiple, combine_ranking
from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.durations import parse_durations
from commresearch.cleaning.missing import CODE, NONE, KindCodes, marker_log, split_missing
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import Parsed, ParsedColumns, Rule, Rules, text_array
from commresearch.cleaning.variable import Variable, plain_number
from commresearch.records import guards_of, in_two, join_logs, log_lines
from commresearch.sources.platforms import is_utc
from commresearch.terms import Export, MissingKind, Platform, VariableType

STEP = "types"
BLANK, UNREADABLE, NOT_APPLICABLE, NOT_EXPORTED = (
    CODE[kind] for kind in (MissingKind.BLANK, MissingKind.UNREADABLE, MissingKind.NOT_APPLICABLE, MissingKind.NOT_EXPORTED)
)
#: What stands between the options of a cell that holds several.
SEPARATORS: Mapping[Platform, tuple[str, ...]] = {Platform.WENJUANXING: ("┋",), Platform.KOBO: (" ",)}
RANKED: Mapping[Platform, tuple[str, ...]] = {Platform.WENJUANXING: ("→",), Platform.KOBO: (" ",)}
ANY_RANKED = ("→", ">", "＞")
ANY_SEPARATOR = ("┋", "|", "；", ";", "、", "，", ",")
NewValues = Any  #: a Series, or the columns of a question with several
DTYPES = {VariableType.NUMBER: "Float64", VariableType.DURATION: "Float64", VariableType.DATE: "datetime64[us]", VariableType.TEXT: "str"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """The cells of one variable as received: text, free text in a column apart, the type of each cell, where the file comes from."""

    texts: pd.DataFrame
    other: pd.Series | None
    types: NDArray[np.uint8] | None
    platform: Platform
    export: Export
    file: str
    sheet: str

    def types_of(self, column: int) -> NDArray[np.uint8] | None:
        """Types of one column's cells."""
        return None if self.types is None else self.types[:, column]

    @property
    def place(self) -> dict[str, str]:
        """File and sheet, as the log names them."""
        return {"file": self.file, "sheet": self.sheet}


@dataclass(slots=True, kw_only=True, eq=False)
class Typed:
    """The clean columns of one variable, the kind of missing of each cell, log lines, and labels that the codebook does not have."""

    columns: dict[str, pd.Series] = field(default_factory=dict)
    kinds: dict[str, KindCodes] = field(default_factory=dict)
    logs: list[pd.DataFrame] = field(default_factory=list)
    unknown: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))


def all_typed(variables: Sequence[Variable], received: Sequence[Cells], ids: pd.Index, *, is_long: bool) -> list[Typed]:
    """Every variable typed, half of them in another process where the table is long; rows are named here, where names need not be sent."""

    def typed(pair: tuple[Variable, Cells]) -> Typed:
        one = type_variable(*pair)
        return replace(one, columns={name: column.reset_index(drop=True) for name, column in one.columns.items()})

    sizes = [float(cells.texts.memory_usage(index=False).sum()) for cells in received]
    made = in_two(typed, list(zip(variables, received, strict=True)), is_long=is_long, weights=sizes)
    return [replace(one, columns={name: column.set_axis(ids) for name, column in one.columns.items()}) for one in made]


def type_variable(variable: Variable, cells: Cells) -> Typed:
    """Read the cells of a variable; nothing is raised, what cannot be read is missing with its reason in the log."""
    if not cells.texts.shape[1]:
        return _not_exported(variable, cells.texts.index)
    if variable.type is VariableType.MULTIPLE:
        return _multiple(variable, cells)
    if variable.type is VariableType.RANKING:
        return _ranking(variable, cells)
    texts = cells.texts.iloc[:, 0]
    answers, kinds = split_missing(texts, _outer_markers(variable))
    typed = Typed(logs=[marker_log(texts, kinds, variable.name, **cells.place)])
    if variable.type is VariableType.TEXT:
        if (is_guarded := guards_of(answers)).any():
            bare = answers.where(~is_guarded, answers.str[1:])
            _log_rules(typed, variable.name, answers, np.where(is_guarded, str(Rule.FORMULA_GUARD), "").astype("object"), bare, cells)
            answers = bare
        typed.columns[variable.name] = answers.where(kinds == NONE)
        typed.kinds[variable.name] = kinds
        return typed
    parsed = _parse(variable, answers, cells)
    kinds = np.where(parsed.unreadable, UNREADABLE, kinds).astype(np.int8)
    _log_rules(typed, variable.name, answers, parsed.rule, parsed.values, cells)
    values = parsed.values
    if variable.type is VariableType.SINGLE:
        values, kinds = _without_missing_values(variable, values, kinds, typed, cells)
    typed.columns[variable.name], typed.kinds[variable.name] = values, kinds
    if variable.other:
        _other_text(typed, variable, parsed.other, values.isin(list(variable.open)).to_numpy(), kinds, cells)
    return typed


def _outer_markers(variable: Variable) -> dict[str, MissingKind]:
    """Cell texts that mean missing by themselves; a value that means missing is first read as a value."""
    labels = set(variable.values.values())
    return {m: kind for m, kind in variable.markers.items() if m not in variable.values and m not in labels}


def _parse(variable: Variable, answers: pd.Series, cells: Cells) -> Parsed:
    if variable.type is VariableType.SINGLE:
        return code_single(answers, variable.values, open_values=variable.open, export=cells.export, types=cells.types_of(0))
    if variable.type is VariableType.NUMBER:
        return parse_numbers(answers, unit=variable.unit, types=cells.types_of(0))
    if variable.type is VariableType.DATE:
        return parse_dates(answers, types=cells.types_of(0), is_utc=is_utc(str(cells.texts.columns[0]), cells.platform))
    return parse_durations(answers)


def _absent_values(variable: Variable) -> dict[str, int]:
    """Values that mean a kind of missing, with the code of the kind."""
    return {value: CODE[kind] for kind, markers in variable.missing.items() for value in markers if value in variable.values}


def _without_missing_values(
    variable: Variable, values: pd.Series, kinds: KindCodes, typed: Typed, cells: Cells
) -> tuple[pd.Series, KindCodes]:
    """Answers only: values that mean a kind of missing become it."""
    if by_value := _absent_values(variable):
        code_of = np.array([by_value.get(v, NONE) for v in values.cat.categories] + [NONE], dtype=np.int8)
        taken = code_of[values.cat.codes.to_numpy()]
        typed.logs.append(marker_log(cells.texts.iloc[:, 0], taken, variable.name, **cells.place))
        kinds = np.where(taken != NONE, taken, kinds).astype(np.int8)
    return values.cat.set_categories(list(variable.answers)), kinds


def _other_text(typed: Typed, variable: Variable, other: pd.Series | None, chosen: NDArray[np.bool_], kinds: KindCodes, cells: Cells) -> None:
    """Free text beside an option: not exported where no cell of a code export holds any, not applicable where the option was not chosen."""
    texts = pd.Series(None, index=cells.texts.index, dtype="str") if other is None else other
    if cells.other is not None:
        apart, apart_kinds = split_missing(cells.other, _outer_markers(variable))
        typed.logs.append(marker_log(cells.other, apart_kinds, variable.other, **cells.place))
        texts = texts.where(texts.notna(), apart.where(apart_kinds == NONE))
    there = texts.notna().to_numpy()
    absent = NOT_EXPORTED if cells.export is Export.CODE and cells.other is None and not there.any() else BLANK
    kind = np.where(there, NONE, np.where(chosen, absent, np.where(kinds == NONE, NOT_APPLICABLE, kinds)))
    typed.columns[variable.other], typed.kinds[variable.other] = texts, kind.astype(np.int8)


def _multiple(variable: Variable, cells: Cells) -> Typed:
    """Options as 0/1 columns, from one cell or from a column per option."""
    markers, typed = _outer_markers(variable), Typed()
    if cells.texts.shape[1] == 1:
        texts = cells.texts.iloc[:, 0]
        answers, kind = split_missing(texts, markers)
        typed.logs.append(marker_log(texts, kind, variable.name, **cells.place))
        separators = SEPARATORS.get(cells.platform, ANY_SEPARATOR)
        parsed = code_multiple(
            answers, variable.values, separators=separators, open_values=variable.open, export=cells.export, types=cells.types_of(0)
        )
        kinds = np.repeat(kind[:, None], len(variable.values), axis=1)
        _log_rules(typed, variable.name, answers, parsed.rule[:, 0], parsed.frame, cells, text=_chosen_text)
    else:
        split = [split_missing(cells.texts[column], markers) for column in cells.texts]
        answers_of = pd.concat([answers for answers, _ in split], axis=1)
        kinds = np.array([kind for _, kind in split]).T
        typed.logs += [marker_log(cells.texts[c], k, variable.name, **cells.place) for c, (_, k) in zip(cells.texts, split, strict=True)]
        parsed = combine_multiple(answers_of, variable.values, open_values=variable.open, missing=(kinds != NONE) & (kinds != BLANK))
        for j, value in enumerate(variable.values):
            column = f"{variable.name}__{value}"
            _log_rules(typed, column, answers_of.iloc[:, j], parsed.rule[:, j], parsed.frame[value], cells)
    _options(typed, variable, parsed, kinds, cells)
    return typed


def _options(typed: Typed, variable: Variable, parsed: ParsedColumns, kinds: NDArray[np.int8], cells: Cells) -> None:
    """Columns of the options; an option that means a kind of missing, chosen alone, makes the question missing of that kind."""
    frame = parsed.frame
    kinds = np.where(frame.notna().to_numpy(), NONE, np.where(parsed.unreadable, UNREADABLE, np.where(kinds == NONE, BLANK, kinds)))
    answers = list(variable.answers)
    for value, code in _absent_values(variable).items():
        said = (frame[value] == 1).fillna(value=False).to_numpy(dtype=bool)
        alone = said & ~(frame[answers] == 1).fillna(value=False).to_numpy(dtype=bool).any(axis=1)
        frame = frame.mask(pd.Series(alone, index=frame.index), axis=0)
        kinds[alone] = code
        typed.logs.append(_alone_log(variable, value, code, alone, cells))
        beside = said & ~alone
        typed.logs.append(log_lines(
            step=STEP, rule="contradictory_option", **cells.place, row_id=frame.index[beside], variable=variable.name, old=variable.values[value]
        ))
    place = {value: j for j, value in enumerate(variable.values)}
    for value in answers:
        typed.columns[f"{variable.name}__{value}"] = frame[value]
        typed.kinds[f"{variable.name}__{value}"] = kinds[:, place[value]].astype(np.int8)
    if variable.other:
        opened = [v for v in variable.open if v in answers]
        chosen = np.logical_or.reduce((frame[opened] == 1).fillna(value=False).to_numpy(dtype=bool), axis=1)
        _other_text(typed, variable, parsed.other, chosen, kinds[:, place[answers[0]]].astype(np.int8), cells)


def _ranking(variable: Variable, cells: Cells) -> Typed:
    """Places as columns of options; places that were not given, beside others that were, do not apply."""
    markers, typed = _outer_markers(variable), Typed()
    split = [split_missing(cells.texts[column], markers) for column in cells.texts]
    typed.logs += [marker_log(cells.texts[c], k, variable.name, **cells.place) for c, (_, k) in zip(cells.texts, split, strict=True)]
    if len(split) == 1:
        answers, kind = split[0]
        parsed = code_ranking(answers, variable.values, separators=RANKED.get(cells.platform, ANY_RANKED), open_values=variable.open, export=cells.export)
    else:
        frame = pd.concat([answers for answers, _ in split], axis=1)
        codes = np.array([kind for _, kind in split]).T
        parsed = combine_ranking(frame, variable.values, missing=(codes != NONE) & (codes != BLANK))
        answers = frame.agg(" ".join, axis=1)
        kind = np.where((codes == codes[:, :1]).all(axis=1), codes[:, 0], BLANK).astype(np.int8)
    _log_rules(typed, variable.name, answers, parsed.rule[:, 0], parsed.frame, cells, text=_order_text)
    places, kind = _places(typed, variable, parsed, np.where(kind == NONE, BLANK, kind), cells)
    ranked = places.notna().any(axis=1).to_numpy()
    for column in list(places)[: len(variable.answers)]:
        there = places[column].notna().to_numpy()
        typed.columns[f"{variable.name}__{column}"] = places[column]
        typed.kinds[f"{variable.name}__{column}"] = np.where(there, NONE, np.where(ranked, NOT_APPLICABLE, kind)).astype(np.int8)
    if variable.other:
        opened = parsed.frame.isin(list(variable.open)).any(axis=1).to_numpy()
        _other_text(typed, variable, parsed.other, opened, np.where(ranked, NONE, kind).astype(np.int8), cells)
    return typed


def _places(typed: Typed, variable: Variable, parsed: ParsedColumns, kind: KindCodes, cells: Cells) -> tuple[pd.DataFrame, KindCodes]:
    """The answers in their places; an option that means a kind of missing, ranked alone, makes the question missing of that kind."""
    frame, kind = parsed.frame, np.where(parsed.unreadable[:, 0], UNREADABLE, kind)
    several = (frame.notna().sum(axis=1) > 1).to_numpy()
    for value, code in _absent_values(variable).items():
        said = frame.isin([value]).any(axis=1).to_numpy()
        kind = np.where(said & ~several, code, kind)
        typed.logs.append(_alone_log(variable, value, code, said & ~several, cells))
        typed.logs.append(log_lines(
            step=STEP, rule="contradictory_option", **cells.place, row_id=frame.index[said & several], variable=variable.name, old=variable.values[value]
        ))
    return pd.DataFrame({c: frame[c].cat.set_categories(list(variable.answers)) for c in frame}), kind.astype(np.int8)


def _not_exported(variable: Variable, index: pd.Index) -> Typed:
    """Columns of a variable that this export does not carry: wholly missing, of their own kind."""
    typed = Typed()
    for column in [*variable.columns, *([variable.other] if variable.other else [])]:
        typed.columns[column] = _empty(variable, column, index)
        typed.kinds[column] = np.full(len(index), NOT_EXPORTED, dtype=np.int8)
    return typed


def _empty(variable: Variable, column: str, index: pd.Index) -> pd.Series:
    if column == variable.other:
        return pd.Series(None, index=index, dtype="str")
    if variable.type is VariableType.MULTIPLE:
        return pd.Series(pd.NA, index=index, dtype="Int8")
    if variable.type in {VariableType.SINGLE, VariableType.RANKING}:
        return pd.Series(pd.Categorical([None] * len(index), categories=list(variable.answers)), index=index)
    return pd.Series(pd.NaT if variable.type is VariableType.DATE else None, index=index, dtype=DTYPES[variable.type])


def _log_rules(
    typed: Typed, name: str, old: pd.Series, rule: Rules, new: NewValues, cells: Cells, *, text: Callable[[NewValues], pd.Series] | None = None
) -> None:
    """A line per cell that was interpreted or refused; options that the codebook does not have are kept for the report on its fit."""
    changed = np.flatnonzero(rule != "")
    if not len(changed):
        return
    rules, texts = rule[changed], old.iloc[changed]
    values = text(new.iloc[changed]) if text else new.iloc[changed]
    typed.logs.append(log_lines(step=STEP, rule=rules, **cells.place, row_id=texts.index, variable=name, old=texts.array, new=_shown(values)))
    unknown = texts[rules == str(Rule.UNREADABLE_LABEL)]
    typed.unknown = unknown if typed.unknown.empty else pd.concat([typed.unknown, unknown])


def _shown(values: pd.Series) -> NDArray[np.object_]:
    """Values as the log shows them."""
    place, found = pd.factorize(values)
    texts = [plain_number(v) if isinstance(v, float) else str(v) for v in found.tolist()]
    return text_array([*texts, "<unreadable>"])[place]  # place -1 is NA and the last text


def _chosen_text(frame: pd.DataFrame) -> pd.Series:
    """The values chosen in each row, as one text; NA where the row is missing."""
    chosen = (frame == 1).fillna(value=False).to_numpy(dtype=bool)
    text = [" ".join(v for v, yes in zip(frame.columns, row, strict=True) if yes) for row in chosen.tolist()]
    return pd.Series(text, index=frame.index, dtype="str").where(frame.notna().any(axis=1))


def _order_text(frame: pd.DataFrame) -> pd.Series:
    """The values in the order of their places, as one text; NA where nothing was ranked."""
    text = [" ".join(str(v) for v in row if isinstance(v, str)) for row in frame.astype("object").to_numpy().tolist()]
    return pd.Series(text, index=frame.index, dtype="str").where(frame.notna().any(axis=1))


def _alone_log(variable: Variable, value: str, code: int, alone: NDArray[np.bool_], cells: Cells) -> pd.DataFrame:
    """Lines about an option that means a kind of missing and was chosen alone: by the text of the cell, or of its label where options have columns."""
    if cells.texts.shape[1] == 1:
        return marker_log(cells.texts.iloc[:, 0], np.where(alone, code, NONE).astype(np.int8), variable.name, **cells.place)
    line = log_lines(
        step="missing", rule="missing_marker", **cells.place, variable=variable.name, old=variable.values[value], new=f"<{tuple(MissingKind)[code]}>",
        count=int(alone.sum()),
    )
    return line if alone.any() else line.iloc[:0]


def logs_of(typed: list[Typed]) -> pd.DataFrame:
    """All log lines of several variables."""
    return join_logs([log for one in typed for log in one.logs])
