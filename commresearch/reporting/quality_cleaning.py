"""Sections of the quality report on cleaning: what came in, what was changed, what is missing, which identifiers were found."""

import re
from typing import Any

import pandas as pd

from commresearch.cleaning.anonymity import SMALL_INSIDE, SMALL_OUTSIDE
from commresearch.cleaning.clean_table import ROWS_READ, reason
from commresearch.cleaning.unread_columns import NOT_READ
from commresearch.reporting import quality_figures
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.disclosure_rules import HIDDEN, hides, is_small
from commresearch.reporting.disclosure_tables import figure_note
from commresearch.reporting.display import Figure, Item, Prose, Table, callout, heading
from commresearch.reporting.quality_page import HASH, QualityPage
from commresearch.reporting.quality_persons import ANSWERED, KINDS, counted_missing, group_of, telling
from commresearch.reporting.quality_tables import (
    CHANGED,
    CODE_EXPORT,
    KINDS_SHOWN,
    RuleCount,
    identifier_columns,
    received_files,
    rows_aside,
    rule_counts,
    skip_conflicts,
)
from commresearch.reporting.stamped_page import cut
from commresearch.terms import MissingKind, VariableType
from commresearch.words import number, say

SHOWN = 10  #: rows of a table of questions
DRAWN = 12  #: questions of the figure of missing values
LISTED = 12  #: names in a sentence
EXAMPLE = 20  #: cells of each half of an example
NAME = 26  #: cells of a question beside a drawing
CODED = re.compile(r"<(\w+)>.*")
MIDNIGHT = " 00:00:00"


# ---------------------------------------------------------------- what came in


def received(page: QualityPage) -> list[Item]:
    """Files, the account of rows, and columns that were left out."""
    kept, rows, aside = len(page.clean.frame), page.clean.rows(ROWS_READ), rows_aside(page.clean)
    gone = sum(n for _, _, n in aside)
    title = page.say("received_heading" if gone else "received_heading_all", rows=number(rows), kept=number(kept), gone=number(gone))
    lines = [
        [page.say("account_read"), number(rows)], *([page.say("account_less", rule=page.aside(rule)), f"−{number(n)}"] for _, rule, n in aside),
        [page.say("account_left"), number(kept)],
    ]
    account = page.table(
        "account", page.say("account_caption"), page.header("account_item", "account_rows"), lines, align="lr", widths=(70, 30),
        note=page.notes(page.say("account_note"), say("release.note_rows", page.language) if gone and hides(page.release) else ""),
    )
    return [heading(title), _files(page), page.prose(page.say("account_lead", prefix=page.prefix)), account, *_reading(page), _unused(page)]


def _files(page: QualityPage) -> Table:
    known = page.clean.provenance
    platform, export = page.label(f"platform_{known['platform']}"), page.say(f"export_{known.get('export', 'unknown')}")
    encoding = str(known.get("encoding", ""))
    codes = str(known.get(CODE_EXPORT, ""))
    rows = [
        [name, platform, page.say("export_code") if digest in codes else export, encoding if encoding and digest not in codes else DASH, digest[:HASH]]
        for name, digest in received_files(known)
    ]
    return page.table(
        "files", page.say("files_caption"), page.header("files_file", "files_platform", "files_export", "files_encoding", "files_hash"), rows,
        align="lllll", widths=(44, 14, 16, 13, 13), note=page.notes(page.say("files_note"), page.say("files_code_note") if codes else ""),
    )


def _reading(page: QualityPage) -> list[Item]:
    """What was met while the files were read, beside the rows of the account."""
    log = page.clean.log
    lines = log[(log["step"] == "read") & ~log["rule"].isin([rule for _, rule, _ in rows_aside(page.clean)])]
    if lines.empty:
        return []
    counts = lines.groupby("rule", sort=False)["count"].sum()
    rows = [[reason(str(rule), page.language), number(int(n))] for rule, n in counts.items()]
    return [page.table("reading", page.say("reading_caption"), page.header("reading_rule", "reading_count"), rows, align="lr", widths=(80, 20))]


def _unused(page: QualityPage) -> Prose:
    names = list(dict.fromkeys(page.clean.log.loc[page.clean.log["rule"] == "column_not_in_codebook", "variable"]))
    if not names:
        return page.prose(page.say("unused_none"))
    return page.prose(page.text("unused_columns", n=len(names), list=listed(page, [cut(n, EXAMPLE * 2) for n in names], "columns_unit")))


def listed(page: QualityPage, names: list[str], unit: str) -> str:
    """Names in a sentence, at most a dozen."""
    text = page.join(names[:LISTED])
    return page.say("and_others", list=text, n=len(names), unit=page.say(unit)) if len(names) > LISTED else text


# ---------------------------------------------------------------- what was changed


def changes(page: QualityPage) -> list[Item]:
    """Every rule that changed cells, and what could not be read."""
    found, n, shown = rule_counts(page.clean, page.least), page.changed_shown["all"], page.changed_shown
    title = page.say("changes_heading_none")
    if n is None:
        title = say("release.few_cells_heading", page.language)
    elif n:
        title = page.say("changes_heading", n=number(n), share=page.share(n, page.content), unreadable=page.persons(shown["unreadable"]))
    if not found:
        return [heading(title), page.prose(page.say("changes_none"))]
    parts = page.join(page.say(f"changes_{t}", n=page.persons(shown[t])) for t in reversed(CHANGED) if page.changed[t])
    lead = page.prose(page.say("changes_lead"), page.say("changes_counts", parts=parts) if parts else "", page.say("changes_table", prefix=page.prefix))
    return [heading(title), lead, _rules(page, found), *_unreadable(page)]


def _rules(page: QualityPage, found: list[RuleCount]) -> Table:
    """Rules with the sheets they applied to; where the log does not name them, as many as cells."""
    top = max((r for r in found if r.treatment in CHANGED), key=lambda r: r.cells, default=None)
    caption = page.say("rules_caption", rule=reason(top.rule, page.language), n=page.persons(_cells(page, top))) if top else page.say("rules_caption_unchanged")
    rows = [
        [
            page.say(f"treatment_{r.treatment}"), reason(r.rule, page.language), _example(page, r), str(r.variables),
            DASH if r.rows is None else number(r.rows), number(r.cells),
        ]
        for r in found
    ]
    persons = [[None, None, None if row[2] == DASH else _sheets(r), None, r.rows, _cells(page, r)] for r, row in zip(found, rows, strict=True)]
    table = page.table(
        "rules", caption,
        page.header("rules_treatment", "rules_reason", "rules_example", "rules_questions", "col_sheets", "col_cells"), rows, align="lllrrr",
        widths=(13, 33, 26, 8, 10, 10), note=page.notes(page.say("rules_note"), _quoted_note(page)),
    )
    return page.of_persons(table, persons)


def _sheets(rule: RuleCount) -> int:
    """Persons behind the cells of a rule; at most as many as cells where the log does not name their rows."""
    return rule.cells if rule.rows is None else rule.rows


def _cells(page: QualityPage, rule: RuleCount) -> int:
    """Cells of a rule; few persons may have many of them, then the persons count."""
    return _sheets(rule) if is_small(_sheets(rule), page.release) and hides(page.release) else rule.cells


def _quoted_note(page: QualityPage) -> str:
    """Which texts the edition quotes; nothing where it quotes any."""
    return say("release.note_quoted", page.language, least=page.least) if hides(page.release) else ""


def _example(page: QualityPage, rule: RuleCount) -> str:
    """Old → new, as people read them, preferably where the difference can be seen; a dash where a rule leaves the cell alone.

    Where too few wrote the same, the sign for hidden numbers.
    """
    shown = [(cut(old, EXAMPLE), cut(_read_as(page, variable, new), EXAMPLE)) for variable, old, new in rule.examples if old]
    if not shown or rule.treatment == "kept":
        return HIDDEN if not rule.examples and hides(page.release) and rule.treatment != "kept" else DASH
    old, new = next(((old, new) for old, new in shown if old != new), shown[0])
    return page.say("example_change", old=page.say("quoted", text=old), new=page.own(new))


def _read_as(page: QualityPage, variable: str, new: str) -> str:
    """A new value of the log in words: the label of an option, the kind of missing, a day without its midnight."""
    if coded := CODED.fullmatch(new):
        return page.label(f"kind_{coded[1]}")
    if variable in page.clean.codebook and page.clean.codebook[variable].type is VariableType.SINGLE:
        return page.clean.codebook[variable].label(new, page.language)
    return new.removesuffix(MIDNIGHT)


def _unreadable(page: QualityPage) -> list[Item]:
    found = page.unreadable
    if not found:
        return [page.prose(page.say("unreadable_none"))]
    unquoted = HIDDEN if hides(page.release) else DASH
    rows, persons, groups, sheets = [], [], [], []
    for name, filled, n, old in found[:SHOWN]:
        is_told = not page.hides_unreadable(name, n)
        sheets.append(told := page.answered(name, filled, more=(MissingKind.UNREADABLE,)))
        counts = [number(n), page.share(n, filled) if told.behind else HIDDEN] if is_told else [HIDDEN, HIDDEN]
        rows.append([page.question(name), page.own(cut(old, EXAMPLE)) if old else unquoted, told.text, *counts])
        persons.append([None, n if is_told else None, told.count, n, n])
        groups.append([None, None, told.group, None, None])
    table = page.table(
        "unreadable", page.say("unreadable_caption", name=page.question(found[0][0])),
        page.header("col_question", "unreadable_example", "unreadable_filled", "unreadable_count", "col_share"), rows, align="llrrr",
        widths=(38, 22, 13, 13, 14), note=page.notes(page.say("unreadable_note", n=len(found), shown=len(rows)), page.bound_note(sheets), _quoted_note(page), page.share_note),
    )
    return [page.of_persons(table, persons, groups=groups)]


# ---------------------------------------------------------------- missing values


def missing_values(page: QualityPage) -> list[Item]:
    """The kinds of missing, apart from each other, and answers against the skip rules."""
    table = page.missing
    lacking = table[table["missing"] > 0]
    items: list[Item] = []
    if lacking.empty:
        items += [heading(page.say("missing_heading_none")), page.prose(page.say("missing_none"))]
    else:
        name, top = str(lacking.index[0]), lacking.iloc[0]
        told = {} if page.missing_shown.loc[name, ["missing", "asked"]].isna().any() else {"asked": page.persons(int(top["asked"])), "n": _said(page, name, "missing")}
        title = page.say("missing_heading" if told else "missing_heading_hidden", name=page.question(name), **told)
        items += [heading(title), page.prose(page.say("missing_lead")), *_missing_figure(page), _missing_table(page)]
    if absent := list(table.index[table[MissingKind.NOT_EXPORTED.value] == len(page.clean.frame)]) if len(page.clean.frame) else []:
        items.append(page.prose(page.text("missing_not_exported", list=listed(page, [page.named(str(n)) for n in absent], "columns_unit"))))
    return [*items, *_skips(page)]


def _missing_figure(page: QualityPage) -> list[Figure]:
    """The questions with most missing; nothing where the edition hides all their numbers."""
    table = page.missing
    is_told = (page.missing_shown[[k.value for k in KINDS_SHOWN]].fillna(0) > 0).any(axis=1)
    shown = table[(table["missing"] > 0) & is_told].head(DRAWN)
    if shown.empty:
        return []
    told = page.missing_shown.loc[shown.index]
    counts = told[[k.value for k in KINDS_SHOWN if shown[k.value].any()]].fillna(0).astype("int64")
    names = [page.question(str(v), NAME) for v in shown.index]
    main = shown.iloc[0][[k.value for k in KINDS_SHOWN]].astype("int64").idxmax()
    parts = [page.say("missing_alt_item", name=name, n=_said(page, str(v), "missing"), asked=_said(page, str(v), "asked")) for name, v in zip(names, shown.index, strict=True)]
    return [page.figure(
        "missing", page.say("missing_caption", name=page.question(str(shown.index[0])), kind=page.label(f"kind_{main}")),
        page.say("missing_alt", list=page.join(parts)),
        quality_figures.missing_kinds(counts, [page.drawn(n) for n in names], {k.value: page.label(f"kind_{k}") for k in KINDS_SHOWN}, page.say("missing_axis"), page.stamp),
        page.notes(page.say("missing_note", n=number(len(page.clean.frame)), shown=len(shown)), figure_note(page.release, page.language)),
        counted_missing(page.missing, told, page.survey),
    )]


def _said(page: QualityPage, question: str, column: str) -> str:
    """A number of missing values as the edition says it."""
    shown: Any = page.missing_shown.at[question, column]
    return page.persons(None if pd.isna(shown) else int(shown))


def _missing_table(page: QualityPage) -> Table:
    lacking = page.missing[page.missing["missing"] > 0]
    kinds = [k.value for k in KINDS_SHOWN if lacking[k.value].any()]
    shown = lacking.head(DRAWN)
    told = page.missing_shown.loc[shown.index, ["asked", *kinds]]
    counts = shown[list(told.columns)].to_numpy()  # as they are: the table rounds them, and says that it does
    rows = [
        [page.question(str(name)), *(HIDDEN if hid else number(int(n)) for n, hid in zip(row, is_hidden, strict=True))]
        for name, row, is_hidden in zip(told.index, counts, told.isna().to_numpy(), strict=True)
    ]
    width = 60 // (1 + len(kinds))
    rest = {"missing_table_more": len(lacking) - len(shown), "missing_table_complete": len(page.missing) - len(lacking)}
    persons = [[None, *(int(row[c]) for c in told.columns)] for _, row in shown.iterrows()]
    groups = [[None, *(group_of(page.survey, str(name), [ANSWERED, *KINDS] if c == "asked" else [c]) for c in told.columns)] for name in told.index]
    table = page.table(
        "missing", page.say("missing_table_caption"), [*page.header("col_question", "missing_asked"), *(capital(page.label(f"kind_{k}")) for k in kinds)], rows,
        align="l" + "r" * (1 + len(kinds)), widths=(100 - width * (1 + len(kinds)), *[width] * (1 + len(kinds))),
        note=page.notes(page.say("missing_table_note"), *(page.say(key, n=n) for key, n in rest.items() if n)),
    )
    return page.of_persons(table, persons, groups=groups)


def _skips(page: QualityPage) -> list[Item]:
    """Answers that contradict the skip rules, and blanks that follow from them."""
    conditions = {v.name: str(v.asked_if) for v in page.clean.codebook if v.asked_if is not None}
    conflicts = skip_conflicts(page.clean)
    flags = page.clean.flags
    sheets = int(flags["flag_contradiction"].sum()) if "flag_contradiction" in flags else 0
    if not conditions:
        return [page.prose(page.say("skips_none_declared"))]
    moved = int(page.clean.log.loc[page.clean.log["rule"] == "skip_recomputed", "count"].sum())
    recomputed = page.say("skips_recomputed", n=page.persons(moved)) if moved else ""
    if conflicts.empty:
        return [page.prose(page.say("skips_none"), recomputed)]
    found = [(str(name), [int(n) for n in row]) for name, row in zip(conflicts.index, conflicts.head(SHOWN).to_numpy(), strict=False)]
    rows = [[page.question(name), conditions.get(name, DASH), *(number(n) for n in counts)] for name, counts in found]
    table = page.table(
        "skips", page.say("skips_caption"), page.header("col_question", "skips_condition", "skips_answered", "skips_skipped"), rows, align="llrr",
        widths=(40, 24, 18, 18),
    )
    shown = page.of_persons(table, [[None, None, *counts] for _, counts in found])
    return [heading(page.say("skips_heading", n=page.persons(sheets)), 2), page.prose(page.say("skips_kept"), recomputed), shown]


# ---------------------------------------------------------------- identifiers


def identifiers(page: QualityPage) -> list[Item]:
    """Direct identifiers and what became of them, the key of pseudonyms, quasi-identifiers and K."""
    found = identifier_columns(page.clean.identifiers)
    anonymity = page.quality.anonymity
    k = page.say("k_part", k=_k(page, int(anonymity["k"].iloc[0]))) if len(anonymity) else page.say("k_part_none")
    items: list[Item] = [heading(page.say("identifiers_heading" if found else "identifiers_heading_none", n=len({e["column"] for e in found}), k=k))]
    items.append(page.prose(page.say("identifiers_lead"), "" if found else page.say("identifiers_none")))
    if found:
        items.append(_identifier_table(page, found))
    undeclared = [e for e in found if not e["declared"] and e["action"] != "masked"]
    if undeclared:
        unread, treated = ([str(e["column"]) for e in undeclared if (e["action"] == NOT_READ) == is_unread] for is_unread in (True, False))
        bodies = [page.text(key, list=listed(page, names, "columns_unit")) for key, names in (("undeclared_body", treated), ("unread_body", unread)) if names]
        items.append(callout(page.say("undeclared_title", n=len(undeclared)), page.notes(*bodies), "warning"))
    fingerprint = str(page.clean.provenance.get("key_fingerprint", ""))
    items.append(page.prose(page.text("key_given", fingerprint=fingerprint) if fingerprint else page.say("key_absent")))
    return [*items, *_anonymity(page)]


def _identifier_table(page: QualityPage, found: list[dict[str, object]]) -> Table:
    """Columns with identifiers; how often each kind was masked in one is said in the internal edition only, as the sum stands beside it."""
    rows = []
    for entry in found:
        kinds: dict[str, int] = entry["identifiers"]  # type: ignore[assignment]
        masked = entry["action"] == "masked"
        names = [page.say("identifier_count", name=page.label(f"identifier_{k}"), n=n) if masked and not hides(page.release) else page.label(f"identifier_{k}") for k, n in kinds.items()]
        declared = DASH if masked else page.say("declared_yes" if entry["declared"] else "declared_no")
        rows.append([
            page.own(cut(str(entry["column"]), EXAMPLE * 2)), page.join(names), page.say(f"by_{entry['by']}"), declared,
            page.say(f"action_{entry['action']}"), number(int(str(entry["n"]))),
        ])
    table = page.table(
        "identifiers", page.say("identifiers_caption"),
        page.header(*(f"identifiers_{c}" for c in ("column", "kind", "by", "declared", "action", "n"))), rows, align="lllllr",
        widths=(29, 28, 12, 10, 13, 8),
    )
    return page.of_persons(table, [[None] * 5 + [int(str(entry["n"]))] for entry in found])


def _anonymity(page: QualityPage) -> list[Item]:
    """K over the quasi-identifiers, and what to do where it is small."""
    if page.quality.anonymity.empty:
        return [page.prose(page.say("quasi_all_untold" if any(v.quasi for v in page.clean.codebook) else "quasi_none"))]
    row = page.quality.anonymity.iloc[0]
    k, limits = int(row["k"]), {"inside": SMALL_INSIDE, "outside": SMALL_OUTSIDE}
    names = page.join(page.named(name) for name in str(row["quasi"]).split())
    shares = {f"below{limit}": _share_below(page, round(float(row[f"share_below_{limit}"]) * int(row["n_rows"])), int(row["n_rows"])) for limit in (5, 20)}
    untold = len(page.clean.frame) - int(row["n_rows"])
    lead = telling(page.prose(
        page.text("quasi_lead", list=names, k=_k(page, k), cells=page.persons(int(row["n_cells"])), **shares, **limits),
        page.say("quasi_untold", n=page.persons(untold)) if untold else "",
    ), page.survey, {"quasi_untold": untold}, page.release)
    if k < SMALL_INSIDE or page.hides_result(k):
        title = page.say("k_small_title", **limits) if not page.hides_result(k) else page.say("k_few_title", least=page.release.threshold)
        return [lead, callout(title, page.say("k_small_body", **limits), "warning")]
    return [lead, page.prose(page.say("k_inside" if k < SMALL_OUTSIDE else "k_outside", **limits))]


def _k(page: QualityPage, k: int) -> str:
    """K in a sentence: a number of persons as any other, so that the public edition says of a small one only that it is small."""
    return page.say("k_few", least=page.release.threshold) if page.hides_result(k) else page.say("k_is", k=page.persons(k))


def _share_below(page: QualityPage, part: int, whole: int) -> str:
    """Sheets in small cells in percent; in words where these, or the others, are few."""
    if page.hides_result(part) or page.hides_result(whole - part):
        return page.say("k_few_sheets" if page.hides_result(part) else "k_most_sheets")
    return page.say("percent", n=page.share(part, whole))
