"""Rows that may be the same answer sheet, or the work of one hand: found and listed for a person to decide on."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from commresearch.cleaning.percent_match import Codes, Positions, answer_codes, equal_share, matching_pairs, same_answers
from commresearch.errors import CleaningError, Failure
from commresearch.terms import Role

#: Rows of one community that are compared pair by pair; 50,000 take about five seconds.
MOST_ROWS = 50_000
#: From so many answers on a sheet is compared by content whether or not it answers all.
MANY_QUESTIONS = 20
#: Fewer questions than this are answered alike by many honest people.
LEAST_QUESTIONS = 10
#: Roles whose values a person sees beside each row. Addresses of devices are counted, never shown.
SHOWN: Mapping[Role, str] = {Role.SUBMITTED: "datetime64[ns]", Role.DURATION: "Float64", Role.SOURCE: "str"}


class DuplicateKind(StrEnum):
    """What two rows have in common, the strongest first."""

    KEY = "key"
    PERSON = "person"
    CONTENT = "content"
    PERCENT_MATCH = "percent_match"


class Suggestion(StrEnum):
    """What is proposed for a row; nothing happens until somebody decides."""

    KEEP = "keep"
    DROP = "drop"
    KEEP_LAST = "keep_last"
    CHECK = "check"


KINDS = tuple(DuplicateKind)
GROUP_COLUMNS = (
    "group_id", "row_id", "kind", "links", "n_copies", "matched_with", "similarity", "differs", "exempt", "suggested", "key", "same_ip_rows",
    "community", *(role.value for role in SHOWN),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Links:
    """Pairs of row positions, what they have in common (place in `KINDS`) and the share of equal answers."""

    first: Positions
    second: Positions
    kind: NDArray[np.int64]
    share: NDArray[np.float64]


def find_duplicates(
    frame: pd.DataFrame, *, content_columns: Sequence[str] | Mapping[str, Sequence[str]], key: str | None = None, person: str | None = None,
    community: str | None = None, assisted: pd.Series | None = None, context: Mapping[Role, str] | None = None,
    threshold: float | None = 0.85, min_items: int = MANY_QUESTIONS,
) -> pd.DataFrame:
    """Groups of rows that may be duplicates, one line per row; every row is in one group at most.

    Parameters
    ----------
    frame : DataFrame
        Index row_id.
    content_columns : sequence of str, or mapping
        What respondents answered: columns, or question → its columns where a question has several (it then counts once).
    key, person : str, optional
        Column of the answer sheet's own number (refills and updates share it), and of the person.
    community : str, optional
        Column of the community: almost equal answers are sought within one only. Rows without one are compared with one another.
    assisted : Series of boolean, optional
        Filled in by somebody else (代填): staff with one phone give alike answers. Pairs of such rows are exempt from suspicion.
    context : mapping, optional
        Role → column. `Role.SUBMITTED` orders copies; it, `DURATION` and `SOURCE` are listed; `IP` is counted and never listed. An
        IP address in common makes no duplicate: a community's network and carriers share addresses.
    threshold : float or None
        Least share of equal answers among the questions both rows answered; None compares whole contents only.
    min_items : int
        Rows and pairs with fewer answers are not compared by content: short answer sheets agree by chance. Of a questionnaire with fewer
        questions only rows that answered all are compared, and only proposed for a look; with fewer than ten questions, none.

    Returns
    -------
    DataFrame
        Columns `GROUP_COLUMNS`, groups in file order, rows in order of submission. `kind` is the strongest thing the row shares with
        another (`matched_with`), `links` everything it shares with any, `similarity` the share of equal answers. `differs` names the
        variables that differ: among all copies with one key or person, otherwise the questions answered differently from `matched_with`.
        `group_id` depends on the rows of the group only.

    Raises
    ------
    CleaningError
        CR-D01 row_id not unique, CR-D02 columns that are not there, CR-D05 settings out of range, CR-D23 `assisted` of other rows; CR-D03
        communities too large to compare, CR-D04 communities whose answers are nearly all alike.
    """
    questions = content_columns if isinstance(content_columns, Mapping) else {c: [c] for c in content_columns}
    context = context or {}
    needed = [*(c for columns in questions.values() for c in columns), key, person, community, *context.values()]
    _check(frame, needed, assisted, (threshold, min_items))
    codes = answer_codes(frame, questions)
    order = _order(frame, context.get(Role.SUBMITTED))
    named = [_codes_of(frame, c) for c in (key, person)]
    links = [_same_value(values, kind, order, codes) for kind, values in enumerate(named)]
    links += _same_content(codes, order, frame, community, (threshold, _least_answers(codes.shape[1], min_items)))
    pairs = _without_weaker(links, named)
    table = _rows(pairs, len(frame), order)
    helped = np.zeros(len(frame), dtype=bool) if assisted is None else assisted.fillna(value=False).to_numpy(dtype=bool)
    table = _described(table, frame, codes, list(questions), named, {c for c in (key, person, *context.values()) if c is not None})
    table["exempt"] = helped[table["row"]] & helped[table["partner"]] & (table["place"] >= KINDS.index(DuplicateKind.CONTENT))
    table["suggested"] = _suggested(table, has_time=Role.SUBMITTED in context, is_long=(codes[table["row"]] >= 0).sum(axis=1) >= min_items)
    return _listed(table, frame, key, community, context)


def percent_match_flags(
    frame: pd.DataFrame, groups: pd.DataFrame, *, content_columns: Sequence[str] | Mapping[str, Sequence[str]], min_items: int = MANY_QUESTIONS
) -> pd.Series:
    """Whether a row gives (almost) the answers of another one; NA where it has too few answers to be compared.

    Parameters are those of `find_duplicates`, whose result `groups` is; copies of the same key or person do not count.
    """
    columns = content_columns if isinstance(content_columns, Mapping) else {c: [c] for c in content_columns}
    answered = sum((frame[list(of_question)].notna().any(axis=1).astype("int64") for of_question in columns.values()), start=pd.Series(0, index=frame.index))
    alike = groups.loc[groups["links"].astype("str").str.contains(f"{DuplicateKind.CONTENT}|{DuplicateKind.PERCENT_MATCH}"), "row_id"]
    flags = pd.Series(frame.index.astype("str").isin(alike), index=frame.index, dtype="boolean")
    return flags.mask(answered < _least_answers(len(columns), min_items))


def _least_answers(n_questions: int, min_items: int) -> int:
    """Answers that a row needs to be compared by content; more than there are questions where there are too few to compare."""
    return min_items if n_questions >= min_items else max(n_questions, LEAST_QUESTIONS)


def _check(
    frame: pd.DataFrame, columns: Sequence[str | None], assisted: pd.Series | None, settings: tuple[float | None, int]
) -> None:
    failures = []
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique()
        failures.append(Failure(code="CR-D01", values={"got": f"{twice[0]}" + (" …" if len(twice) > 1 else ""), "count": len(twice)}))
    if absent := [c for c in dict.fromkeys(columns) if c is not None and c not in frame.columns]:
        failures.append(Failure(code="CR-D02", values={"missing": ", ".join(absent)}))
    if assisted is not None and not assisted.index.equals(frame.index):
        failures.append(Failure(code="CR-D23", values={"name": "assisted", "got": len(assisted), "expected": len(frame)}))
    threshold, min_items = settings
    for name, got, is_right, allowed in (
        ("threshold", threshold, threshold is None or 0.5 < threshold <= 1, "0.5 < … ≤ 1"), ("min_items", min_items, min_items >= 1, "≥ 1"),
    ):
        if not is_right:
            failures.append(Failure(code="CR-D05", values={"name": name, "got": got, "allowed": allowed}))
    if failures:
        raise CleaningError(*failures)


def _codes_of(frame: pd.DataFrame, column: str | None) -> Positions:
    """Values of a column as numbers, −1 where missing or where there is no such column."""
    if column is None:
        return np.full(len(frame), -1, dtype=np.int64)
    return answer_codes(frame, {column: [column]})[:, 0].astype(np.int64)


def _order(frame: pd.DataFrame, submitted: str | None) -> Positions:
    """Rank of each row by time of submission (unknown times last), then by place in the file."""
    rank = np.empty(len(frame), dtype=np.int64)
    times = pd.Series(np.arange(len(frame))) if submitted is None else frame[submitted].reset_index(drop=True)
    rank[times.sort_values(kind="stable", na_position="last").index.to_numpy()] = np.arange(len(frame))
    return rank


def _same_value(values: Positions, kind: int, order: Positions, codes: Codes) -> _Links:
    """Each row linked with the one before it that has the same value."""
    rows = np.flatnonzero(values >= 0)
    rows = rows[np.lexsort((order[rows], values[rows]))]
    same = values[rows[1:]] == values[rows[:-1]]
    return _links(rows[:-1][same], rows[1:][same], kind, codes)


def _links(first: Positions, second: Positions, kind: int, codes: Codes) -> _Links:
    return _Links(first=first, second=second, kind=np.full(len(first), kind, dtype=np.int64), share=equal_share(codes, first, second)[0])


def _same_content(
    codes: Codes, order: Positions, frame: pd.DataFrame, community: str | None, settings: tuple[float | None, int]
) -> list[_Links]:
    """Rows with equal answers throughout, linked with the first of them; and almost equal ones within a community."""
    threshold, min_items = settings
    rows = np.flatnonzero((codes >= 0).sum(axis=1) >= min_items)
    rows = rows[np.argsort(order[rows], kind="stable")]
    content = same_answers(codes[rows])
    first = rows[np.flatnonzero(~pd.Series(content).duplicated())][content]
    copies = first != rows
    found = [_links(first[copies], rows[copies], KINDS.index(DuplicateKind.CONTENT), codes)]
    if threshold is not None:
        found += _almost_same(codes, rows, content, frame, community, (threshold, min_items))
    return found


def _almost_same(
    codes: Codes, rows: Positions, content: Positions, frame: pd.DataFrame, community: str | None, settings: tuple[float, int]
) -> list[_Links]:
    """Pairs above the threshold, one row for each content in each community."""
    threshold, min_items = settings
    places = _codes_of(frame, community)[rows]
    single = ~pd.DataFrame({"content": content, "place": places}).duplicated().to_numpy()
    blocks = [members.to_numpy() for _, members in pd.Series(rows[single]).groupby(places[single])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # counting bits of arrays leaves the interpreter free
        compared = list(pool.map(lambda block: None if len(block) > MOST_ROWS else matching_pairs(codes[block], threshold=threshold, min_items=min_items), blocks))
    found, failures = [], []
    for block, pairs in zip(blocks, compared, strict=True):
        values: dict[str, object] = {"community": _texts(frame, community, block[:1]).iloc[0] or "–", "count": len(block)}
        if len(block) > MOST_ROWS:
            failures.append(Failure(code="CR-D03", values=values | {"most": MOST_ROWS}))
        elif pairs is None:
            failures.append(Failure(code="CR-D04", values=values | {"threshold": threshold}))
        else:
            kind = np.full(len(pairs.first), KINDS.index(DuplicateKind.PERCENT_MATCH), dtype=np.int64)
            found.append(_Links(first=block[pairs.first], second=block[pairs.second], kind=kind, share=pairs.share))
    if failures:
        raise CleaningError(*failures)
    return found


def _without_weaker(links: Sequence[_Links], named: Sequence[Positions]) -> _Links:
    """All links, but no likeness in content between rows that have the key or the person in common anyway."""
    first, second, kind, share = (np.concatenate([getattr(x, name) for x in links]) for name in ("first", "second", "kind", "share"))
    kept = np.ones(len(first), dtype=bool)
    for place, values in enumerate(named):
        kept &= (kind <= place) | (values[first] != values[second]) | (values[first] < 0)
    return _Links(first=first[kept], second=second[kept], kind=kind[kept], share=share[kept])


def _rows(links: _Links, n: int, order: Positions) -> pd.DataFrame:
    """One line per linked row: its group, its closest partner and everything it shares."""
    graph = coo_matrix((np.ones(len(links.first), dtype=np.int8), (links.first, links.second)), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    both = pd.DataFrame({
        "row": np.concatenate([links.first, links.second]), "partner": np.concatenate([links.second, links.first]),
        "place": np.tile(links.kind, 2), "similarity": np.tile(links.share, 2),
    })
    both["partner_rank"] = order[both["partner"]]
    both = both.sort_values(["row", "place", "similarity", "partner_rank"], ascending=[True, True, False, True], kind="stable")
    kinds = both[["row", "place"]].drop_duplicates()
    names = kinds["place"].map(dict(enumerate(k.value for k in KINDS))).groupby(kinds["row"]).agg(" ".join)
    table = both.drop_duplicates("row")
    table = table.assign(links=table["row"].map(names), group=label[table["row"]], rank=order[table["row"]])
    table["start"] = table.groupby("group")["row"].transform("min")
    return table.sort_values(["start", "rank"]).reset_index(drop=True)


def _described(
    table: pd.DataFrame, frame: pd.DataFrame, codes: Codes, questions: Sequence[str], named: Sequence[Positions], apart: set[str]
) -> pd.DataFrame:
    """The table with the names of the variables that differ; columns in `apart` are expected to."""
    differs = np.full(len(table), "", dtype=object)
    variables = [c for c in frame.columns if c not in apart]
    for place, values in enumerate(named):
        lines = np.flatnonzero(table["place"] == place)
        rows = table["row"].to_numpy()[lines]
        cells = answer_codes(frame.iloc[rows], {c: [c] for c in variables})
        differs[lines] = _names(_varies(cells, values[rows]), variables)
    lines = np.flatnonzero(table["place"] >= len(named))
    pair = table.iloc[lines]
    differs[lines] = _names(codes[pair["row"]] != codes[pair["partner"]], questions)
    return table.assign(differs=pd.array(differs, dtype="str"))


def _varies(cells: Codes, group: Positions) -> NDArray[np.bool_]:
    """For every row, the columns in which the rows of its group are not all equal."""
    first = np.flatnonzero(~pd.Series(group).duplicated())
    number = pd.factorize(group)[0]
    unlike = cells != cells[first[number]]
    varies = np.zeros((len(first), cells.shape[1]), dtype=bool)
    row, column = np.nonzero(unlike)
    varies[number[row], column] = True
    return varies[number]


def _names(differs: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    """The names of the columns that are true, row by row."""
    return [", ".join(name for name, differ in zip(names, row, strict=True) if differ) for row in differs.tolist()]


def _suggested(table: pd.DataFrame, *, has_time: bool, is_long: NDArray[np.bool_]) -> pd.Series:
    """Last of the same key; later copies of the same answers go, exempt ones stay; everything else is for a person to look at."""
    kind = table["place"].map(dict(enumerate(KINDS)))
    is_key, is_content = kind == DuplicateKind.KEY, (kind == DuplicateKind.CONTENT) & is_long
    later = table["rank"] > table["partner_rank"]
    suggested = pd.Series(Suggestion.CHECK.value, index=table.index, dtype="str")
    suggested[is_key & has_time] = Suggestion.KEEP_LAST.value
    suggested[is_content & later] = Suggestion.DROP.value
    suggested[(is_content & ~later) | table["exempt"]] = Suggestion.KEEP.value
    return suggested


def _listed(table: pd.DataFrame, frame: pd.DataFrame, key: str | None, community: str | None, context: Mapping[Role, str]) -> pd.DataFrame:
    """The table as people see it."""
    rows, ids = table["row"].to_numpy(), frame.index.astype("str")
    names = {label: _group_id(members) for label, members in pd.Series(ids[rows]).groupby(table["group"])}
    kinds = dict(enumerate(k.value for k in KINDS))
    table = table.assign(
        group_id=table["group"].map(names).astype("str"), row_id=ids[rows], kind=table["place"].map(kinds).astype("str"),
        n_copies=table.groupby("group")["row"].transform("size"), matched_with=ids[table["partner"]],
        key=_texts(frame, key, rows), community=_texts(frame, community, rows), same_ip_rows=_same_ip(frame, context.get(Role.IP), rows),
    )
    for role, dtype in SHOWN.items():
        column = pd.Series(None, index=frame.index, dtype=dtype) if role not in context else frame[context[role]]
        table[role.value] = column.iloc[rows].set_axis(table.index)
    return table[list(GROUP_COLUMNS)]


def _group_id(members: pd.Series) -> str:
    """A name that stays as long as the group has the same rows; the letter keeps spreadsheets from reading a number."""
    return "g" + hashlib.sha256("\n".join(sorted(members)).encode()).hexdigest()[:12]


def _texts(frame: pd.DataFrame, column: str | None, rows: Positions) -> pd.Series:
    """A column as text, blank where missing."""
    if column is None:
        return pd.Series("", index=range(len(rows)), dtype="str")
    values = frame[column].iloc[rows].reset_index(drop=True)
    return values.astype("object").where(values.notna(), "").astype("str")


def _same_ip(frame: pd.DataFrame, column: str | None, rows: Positions) -> pd.Series:
    """How many other rows of the file have the row's IP address; NA where it is not known."""
    if column is None:
        return pd.Series(pd.NA, index=range(len(rows)), dtype="Int64")
    counts = frame[column].map(frame[column].value_counts()).astype("Int64") - 1
    return counts.iloc[rows].reset_index(drop=True)
