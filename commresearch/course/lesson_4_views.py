"""Lesson 4: the tables and drawings of the survey, and what exercises ask about it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from commresearch.cleaning import Codebook, clean_survey
from commresearch.cleaning.corrections import COLUMNS, FIRST_ROW
from commresearch.cleaning.effort import flag_sensitivity
from commresearch.course.lesson_4 import AGE, ASSISTED, OLD, OPTIONS, OVERALL, SHORTEST, all_shares, survey
from commresearch.errors import CleaningError
from commresearch.reporting.style import ACCENT, INK, MUTED, RULE, house_style
from commresearch.simulate import codebook_of
from commresearch.simulate.community_questionnaire import SATISFACTION
from commresearch.survey import satisfaction
from commresearch.terms import Language, MissingKind
from commresearch.words import render_error
from commresearch.words.precision import fixed, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 3.95  #: inches: a telephone shows such a drawing whole, with letters that can be read
FLAGS = ("flag_duration", "flag_longstring", "any_flag")


def answer_counts() -> dict[str, int]:
    """How many of the cleaned sheets of people who took part gave each answer: its label → sheets, 不清楚 among them; "" for a blank."""
    made = survey()
    taken = made.cleaned.frame["consent"] == "1"
    answers, kinds = made.cleaned.frame.loc[taken, OVERALL], made.cleaned.missing_kinds.loc[taken, OVERALL]
    counts = {label: int((answers == str(value)).sum()) for value, (label, _) in enumerate(SATISFACTION[:5], 1)}
    return counts | {SATISFACTION[5][0]: int((kinds == MissingKind.DONT_KNOW).sum()), "": int((kinds == MissingKind.BLANK).sum())}


def sheets() -> dict[str, int]:
    """Answer sheets by what became of them: received, copies, refused (to take part), usable; bad_ages, helped and improved among the usable ones."""
    made = survey()
    frame, kinds = made.cleaned.frame, made.cleaned.missing_kinds
    taken = frame["consent"] == "1"
    return {
        "received": len(made.received.frame), "copies": len(made.received.frame) - len(frame), "refused": int((~taken).sum()), "usable": int(taken.sum()),
        "bad_ages": int((kinds.loc[taken, AGE] == MissingKind.UNREADABLE).sum()), "helped": int((frame.loc[taken, ASSISTED] == "2").sum()),
        "improved": int((made.troubles["kind"] == "better").sum()),
    }


def old_lost() -> tuple[int, int]:
    """People of `OLD` years and more among those whose age cannot be, and among all of whom the simulation knows that they took part."""
    made = survey()
    truth = made.simulated.truth.assign(serial=made.simulated.sheets["serial"].astype(str).to_numpy())
    old = truth[(truth["consent"] == "1") & (truth[AGE] >= OLD).fillna(value=False)]
    return int(old["serial"].isin(made.troubles.loc[made.troubles["kind"] == "age", "serial"]).sum()), len(old)


def points_apart(share: float, other: float) -> float:
    """Percentage points from another share to this one, both as they are printed with one decimal: who subtracts on the page finds the same."""
    return round(round(share, 1) - round(other, 1), 1)


def flags_table(words: Mapping[str, str]) -> pd.DataFrame:
    """The share of satisfied people without the sheets of each flag.

    Parameters
    ----------
    words : mapping
        without, sheets, share, difference: column heads; all, flag_duration, flag_longstring, any_flag: row heads.
    """
    made = survey()
    taken = made.cleaned.frame["consent"] == "1"
    frame, kinds = made.cleaned.frame[taken], made.cleaned.missing_kinds[taken]
    flags = made.cleaned.flags.loc[frame.index, list(FLAGS[:-1])]

    def share(rows: pd.DataFrame) -> pd.DataFrame:
        answers = satisfaction(rows, OVERALL, best=5, missing_kinds=kinds.loc[rows.index])
        return pd.DataFrame({"estimate": [100 * float(answers["top_two"].mean())]})

    found = flag_sensitivity(frame, flags, share).set_index("without")
    excluded, shares = (found[name].astype("float64") for name in ("n_excluded", "estimate"))
    rows = [(words[name or "all"], fixed(excluded[name], 0), fixed(shares[name], 1), signed(points_apart(shares[name], shares[""]), 1)) for name in ("", *FLAGS)]  # "": all sheets
    return pd.DataFrame(rows, columns=[words[name] for name in ("without", "sheets", "share", "difference")])


def log_table(words: Mapping[str, str], shown: int = 3) -> pd.DataFrame:
    """Lines of the log of cleaning: some impossible ages, some copies that were set aside.

    Parameters
    ----------
    words : mapping
        row, column, old, new, reason: column heads; age, whole: what was changed; unread, set_aside: what it became.
    """
    log = survey().cleaned.log_in(Language.ZH)
    lines = []
    for rule, column, new in (("out_of_range", "age", "unread"), ("duplicate_content", "whole", "set_aside")):
        lines += [
            (str(line.row_id).rpartition(":")[2], words[column], str(line.old) if column == "age" else "", words[new], str(line.reason))
            for line in log[log["rule"] == rule].head(shown).itertuples()
        ]
    return pd.DataFrame(lines, columns=[words[name] for name in ("row", "column", "old", "new", "reason")])


# ---------------------------------------------------------------- corrections


def bad_ages() -> pd.DataFrame:
    """Cells of ages that cannot be, as they were received.

    Returns
    -------
    DataFrame
        row (as a spreadsheet numbers it), serial, got (the cell), true (age in completed years).
    """
    made, raw = survey(), survey().raw
    header = next(h for h in raw.frame.columns if h.endswith(made.simulated.questionnaire[AGE].zh))
    serials = made.troubles.loc[made.troubles["kind"] == "age", "serial"]
    cells = raw.frame.set_index("序号", drop=False)
    rows = dict(zip(raw.frame["序号"], raw.frame.index, strict=True))
    true = dict(zip(made.simulated.sheets["serial"].astype(str), made.simulated.truth[AGE], strict=True))
    return pd.DataFrame(
        [(rows[s], s, cells.loc[s, header], int(true[s])) for s in serials], columns=["row", "serial", "got", "true"]
    )


def other_rows() -> dict[str, tuple[int, str]]:
    """Rows of the export that ask for something else than a correction: what → row as a spreadsheet numbers it, and what stands there.

    copy (of an earlier sheet), quick (the time taken), unclear and against (answers on satisfaction).
    """
    made, raw = survey(), survey().raw
    header = next(h for h in raw.frame.columns if h.endswith(made.simulated.questionnaire[OVERALL].zh))
    copy = made.troubles.loc[made.troubles["kind"] == "copy", "serial"].iloc[0]
    speeder = str(made.simulated.sheets.loc[made.simulated.sheets["speeder"], "serial"].iloc[0])
    serials, answers = raw.frame["序号"], raw.frame[header]
    found = {"copy": serials == copy, "quick": serials == speeder, "unclear": answers == SATISFACTION[5][0], "against": answers == SATISFACTION[0][0]}
    shown = {"copy": serials, "quick": raw.frame["所用时间"], "unclear": answers, "against": answers}
    return {name: (int(rows.idxmax()), str(shown[name][rows.idxmax()])) for name, rows in found.items()}


def usual_minutes() -> float:
    """Median of the time that people took, minutes."""
    return float(survey().cleaned.frame["duration"].astype("float64").median()) / 60


def correction(row: int, expect: str, new: str, reason: str) -> pd.DataFrame:
    """A list of corrections with one line, in the columns of corrections.csv."""
    line = dict.fromkeys(COLUMNS, "") | {
        "kind": "survey", "row_id": str(row), "variable": AGE, "expect": expect, "new": new, "reason": reason, "reported_by": "问卷负责人", "date": "2026-09-21",
    }
    return pd.DataFrame([line], index=[FIRST_ROW])


def corrected(listed: pd.DataFrame) -> str:
    """What the kit says of a list of corrections: the lines that it wrote into the log, or why it refuses the list."""
    codebook = Codebook.from_frame(codebook_of(survey().simulated))
    try:
        table = clean_survey(survey().raw, codebook, corrections=listed, shortest_seconds=SHORTEST)
    except CleaningError as error:
        return render_error(error, Language.ZH)
    lines = table.log[table.log["rule"] == "correction"]
    return "\n".join(f"{old} → {new}（{reason}）" for old, new, reason in lines[["old", "new", "reason"]].itertuples(index=False))


def one_apart(chosen: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Decision → the choices that differ from some given ones in this decision only."""
    return {
        name: (*chosen[:place], next(option for option in options if option != chosen[place]), *chosen[place + 1 :])
        for place, (name, options) in enumerate(OPTIONS.items())
    }


# ---------------------------------------------------------------- drawing


def shares_drawing(chosen: tuple[str, ...], words: Mapping[str, str]) -> "Figure":
    """Every share that the decisions lead to as a pale dot, the chosen one dark, what the people themselves would have said as a line.

    Parameters
    ----------
    words : mapping
        axis, chosen (with {share}), truth (with {share}), others; all, own: the rows with and without sheets that staff filled in.
    """
    from matplotlib.figure import Figure

    shares, honest = all_shares(), survey().honest_share
    values = {key: share.value for key, share in shares.items()}
    rows = {name: place for place, name in enumerate(OPTIONS["helped"])}
    here, row = values[chosen], rows[chosen[-1]]
    with house_style():
        figure = Figure(figsize=(WIDTH, 2.3))
        axes = figure.subplots()
        axes.axvline(honest, color=ACCENT, linewidth=1.4, linestyle=(0, (5, 2)))
        axes.plot(list(values.values()), [rows[key[-1]] for key in values], linestyle="none", marker="o", markersize=7, markerfacecolor="white", color=MUTED, label=words["others"])
        axes.plot([here], [row], marker="o", markersize=11, color=INK, linestyle="none")
        axes.annotate(words["chosen"].format(share=fixed(here, 1)), (here, row), (0, -22), textcoords="offset points", ha="center", fontsize=10, color=INK)
        axes.annotate(words["truth"].format(share=fixed(honest, 1)), (honest, -0.75), (5, 0), textcoords="offset points", va="center", fontsize=9, color=ACCENT)
        low, high = min(*values.values(), honest), max(*values.values(), honest)
        axes.set_xlim(low - 0.15 * (high - low), high + 0.15 * (high - low))
        axes.set_ylim(1.75, -1)
        axes.set_yticks(list(rows.values()), [words[name] for name in rows])
        axes.tick_params(length=0)
        axes.set_xlabel(words["axis"])
        axes.grid(axis="x", color=RULE, linewidth=0.5)
        figure.legend(loc="outside lower right", frameon=False, fontsize=8.5)
    return figure
