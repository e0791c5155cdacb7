"""A small cleaned survey made by hand, with something of everything that the quality report shows, and the page on it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.cases.case import Release
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.codebook import Codebook
from commresearch.records import join_logs, log_lines
from commresearch.reporting import quality_cleaning, quality_effects, quality_results, quality_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.quality_page import QualityPage
from commresearch.terms import Language, MissingKind, Sampling
from commresearch.workflow.survey_quality import assess_survey

SECTIONS = (
    quality_summary.first_screen, quality_cleaning.received, quality_cleaning.changes, quality_cleaning.missing_values, quality_cleaning.identifiers,
    quality_results.flagged, quality_effects.sensitivity, quality_results.scales_and_weights, quality_results.results,
)
N = 120
INTERNAL = Release(edition="internal")
FIVE = "1=非常不满意\n2=不太满意\n3=一般\n4=比较满意\n5=非常满意\n6=不清楚"
ROWS = (
    {"name": "serial", "type": "text", "role": "key", "source": "序号"},
    {"name": "submitted", "type": "date", "role": "submitted", "source": "提交答卷时间"},
    {"name": "duration", "type": "duration", "role": "duration", "source": "所用时间"},
    {
        "name": "community", "type": "single", "role": "community", "source": "1、社区", "question_zh": "您居住的社区", "question_en": "Your community",
        "values": "1=甲社区\n2=乙社区", "labels_en": "1=Community A\n2=Community B", "quasi": "yes",
    },
    {"name": "overall", "type": "single", "source": "2、总体", "question_zh": "总体是否满意", "question_en": "Overall satisfaction", "values": FIVE, "missing": "dont_know=6"},
    *(
        {
            "name": f"trust_{i}", "type": "single", "source": f"第3题({name})", "question_zh": f"您是否同意：{name}", "matrix": "trust", "scale": "trust",
            "key": "-1" if i == 3 else "1", "values": "1=不同意\n2=一般\n3=同意",
        }
        for i, name in enumerate(("邻里可信", "干部可信", "常觉孤单"), 1)
    ),
    {"name": "took_part", "type": "single", "source": "4、参加", "question_zh": "是否参加过活动", "question_en": "Took part", "values": "1=是\n2=否"},
    {"name": "times", "type": "number", "source": "5、次数", "question_zh": "参加几次", "question_en": "How often", "unit": "次", "asked_if": "took_part = 1"},
    {"name": "age", "type": "number", "source": "6、年龄", "question_zh": "您的年龄", "question_en": "Your age", "unit": "岁", "quasi": "yes"},
    {"name": "praise", "type": "text", "source": "7、意见", "question_zh": "意见"},
)


def codebook():
    return Codebook.from_frame(pd.DataFrame(ROWS).fillna(""), name="codebook.csv")


def answers():
    """Typed answers with known gaps, and the kinds of missing."""
    rng = np.random.default_rng(3)
    ids = pd.Index([f"abcdef01:Sheet1:{i + 2}" for i in range(N)], name="row_id")
    trait = rng.normal(size=N)
    scaled = {f"trust_{i}": np.clip(np.round(2 + sign * 0.7 * trait + rng.normal(0, 0.6, N)), 1, 3) for i, sign in ((1, 1), (2, 1), (3, -1))}
    columns = {
        "serial": pd.Series([str(i) for i in range(N)], dtype="str"), "submitted": pd.Series(pd.date_range("2026-09-01", periods=N, freq="h")),
        "duration": pd.Series(rng.lognormal(5.5, 0.4, N), dtype="Float64"), "community": rng.integers(1, 3, N),
        "overall": np.clip(np.round(3.4 + trait), 1, 5), **scaled, "took_part": rng.integers(1, 3, N), "times": pd.Series(rng.integers(1, 9, N), dtype="Float64"),
        "age": pd.Series(rng.integers(18, 80, N), dtype="Float64"), "praise": pd.Series(["好"] * N, dtype="str"),
    }
    book, frame = codebook(), pd.DataFrame(index=ids)
    for name, values in columns.items():
        choices = list(book[name].answers)
        frame[name] = pd.Categorical([str(int(v)) for v in values], categories=choices) if choices else np.asarray(values) if name == "submitted" else values.array
    kinds = pd.DataFrame(index=ids, columns=frame.columns, dtype="object")
    for name, rows, kind in (
        ("overall", range(6), "dont_know"), ("overall", range(6, 9), "blank"), ("age", range(4), "unreadable"), ("age", [9], "refused"),
    ):
        kinds.iloc[list(rows), kinds.columns.get_loc(name)] = kind
    kinds.loc[frame["took_part"] == "2", "times"] = "skipped"
    kinds.loc[frame.index[frame["took_part"] == "1"][0], "times"] = "blank"
    frame = frame.where(kinds.isna())
    return frame, kinds.apply(lambda c: pd.Categorical(c, categories=[k.value for k in MissingKind]))


def log():
    place = {"file": "a.xlsx", "sheet": "Sheet1"}
    row = "abcdef01:Sheet1:{}".format
    return join_logs([
        log_lines(step="types", rule="unit_stripped", **place, row_id=[row(20), row(21)], variable="age", old=["38岁", "49岁"], new=["38", "49"]),
        log_lines(step="types", rule="full_width", **place, row_id=row(20), variable="age", old="３８岁", new="38"),
        log_lines(step="types", rule="unreadable_text", **place, row_id=[row(i) for i in (2, 3, 4, 5)], variable="age", old="说不准", new="<unreadable>"),
        log_lines(step="types", rule="label_normalised", **place, row_id=row(700), variable="overall", old="一般 ", new="3"),
        log_lines(step="missing", rule="missing_marker", **place, variable="overall", old="不清楚", new="<dont_know>", count=6),
        log_lines(step="privacy", rule="masked_text", **place, row_id=row(30), variable="7、意见", old="〔手机号〕", new="〔手机号〕"),
        log_lines(step="skips", rule="answered_though_skipped", **place, row_id=row(50), variable="times"),
        log_lines(step="skips", rule="skip_recomputed", **place, row_id=row(51), variable="times", old="<blank>", new="<skipped>"),
        log_lines(step="codebook", rule="column_not_in_codebook", **place, variable="来源详情", count=3),
    ]).assign(reason="")


def survey(**provenance):
    """A cleaned survey with something of everything."""
    frame, kinds = answers()
    fast = pd.array([i < 9 for i in range(N)], dtype="boolean")
    dull = pd.array([5 <= i < 11 if i < 100 else pd.NA for i in range(N)], dtype="boolean")
    flags = pd.DataFrame({
        "duration": frame["duration"].astype("float64"), "flag_longstring": pd.array([pd.NA] * N, dtype="boolean"), "flag_duration": fast, "flag_irv": dull,
        "flag_contradiction": pd.array([i == 48 for i in range(N)], dtype="boolean"), "flag_open_duplicate": pd.array([60 <= i < 62 for i in range(N)], dtype="boolean"),
        "exempt": False, "exempted": ["flag_duration" if i == 100 else "" for i in range(N)],
    }, index=frame.index)
    flags["n_flags"] = flags.filter(like="flag_").sum(axis=1).astype("int64")
    flags["n_known"] = flags.filter(like="flag_").notna().sum(axis=1).drop(columns="n_flags", errors="ignore").astype("int64")
    groups = pd.DataFrame({
        "group_id": ["g1", "g1", "g2", "g2"], "row_id": [*frame.index[60:62], "abcdef01:Sheet1:500", frame.index[70]], "kind": ["percent_match", "percent_match", "key", "key"],
        "exempt": False,
    })
    account = pd.DataFrame(
        [("reading", "rows_read", N + 3), ("reading", "total_row", 2), ("duplicates", "duplicate_key", 1), ("", "rows_out", N)], columns=["step", "rule", "rows"]
    )
    found = pd.DataFrame(
        [("8、电话", "mobile", "both", False, "dropped", 40, "a.xlsx"), ("7、意见", "mobile", "content", False, "masked", 1, "a.xlsx")],
        columns=["column", "identifier", "by", "declared", "action", "n", "file"],
    )
    known = {
        "files": "甲; 乙.xlsx " + "ab12" * 16, "platform": "wenjuanxing", "export": "text", "encoding": "gb18030", "codebook": "codebook.csv", "codebook_hash": "cd" * 32,
        "key_fingerprint": "", "name_zh": "滨海示范区", "name_en": "Binhai", "wave": "w1", "sampling": "opt_in", "fictional": True, "codebook_drafted": False,
    }
    return CleanTable(
        frame=frame, codebook=codebook(), missing_kinds=kinds, log=log(), flags=flags, account=account, duplicates=groups, identifiers=found, provenance=known | provenance
    )


@cache
def made(sampling="opt_in"):
    clean = survey(sampling=sampling)
    return clean, assess_survey(clean, Sampling(sampling), design="simple_random" if sampling == "probability" else None)


@cache
def opened(language="zh", **provenance):
    """A page on the survey above, with another provenance where one is given; the internal edition, because numbers are what tests look at."""
    full, assessed = made(provenance.get("sampling", "opt_in"))
    return QualityPage(clean=replace(full, provenance=full.provenance | provenance), quality=assessed, language=Language(language), release=INTERNAL)


def opened_on(clean, quality=None, language="zh"):
    """A page on a given survey."""
    assessed = assess_survey(clean, Sampling(clean.provenance["sampling"])) if quality is None else quality
    return QualityPage(clean=clean, quality=assessed, language=Language(language), release=INTERNAL)


@cache
def items_of(page):
    return [item for section in SECTIONS for item in section(page)] + quality_summary.appendix(page, "0.1.0")


def body_of(page):
    """All that a page says; figures by their words, without being written to files."""
    return "\n\n".join(words_of(item) for item in items_of(page))


def words_of(item):
    return f"{item.caption} {{#{item.id}}} {item.alt}\n{item.note}" if isinstance(item, Figure) else item.markdown(Path())


def table(page, name):
    return next(i for i in items_of(page) if isinstance(i, Table) and i.id == f"tbl-quality-{name}")


def bare():
    """A survey with one number question and nothing else: no community, times, scales, flags, identifiers, gaps or changes."""
    full = survey()
    frame = full.frame[["age"]].fillna(40.0)
    flags = pd.DataFrame({"flag_irv": pd.array([pd.NA] * N, dtype="boolean"), "exempted": "", "n_flags": 0, "n_known": 0}, index=frame.index)
    book = Codebook(variables=tuple(replace(v, quasi=False) for v in full.codebook if v.name == "age"))
    return replace(
        full, frame=frame, missing_kinds=full.missing_kinds[["age"]].mask(frame.notna()), codebook=book, log=join_logs([]).assign(reason=""), flags=flags,
        account=pd.DataFrame([("reading", "rows_read", N), ("", "rows_out", N)], columns=["step", "rule", "rows"]), duplicates=full.duplicates.iloc[:0],
        identifiers=full.identifiers.iloc[:0], provenance=full.provenance | {"fictional": False},
    )
