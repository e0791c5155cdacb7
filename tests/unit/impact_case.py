"""The estimates of a fictional case as they stand in its folder: a result with a comparison, one that fails checks, one with few treated, one refused."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

from commresearch import Panel, estimate_event_study, estimate_impact
from commresearch.errors import CommResearchError
from commresearch.impact.design import detect_design
from commresearch.impact.grade import grade_evidence
from commresearch.reporting import impact_outcomes, impact_reading, impact_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.impact_page import open_page
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import Language
from commresearch.words import render_error

ABOUT = {"case": "binhai", "name": {"zh": "滨海示范区", "en": "Binhai demonstration area"}, "seed": 7, "conf_level": 0.95, "fictional": True}
PLAN = {"status": {"zh": "分析计划于2024-01-05本地锁定（a1b2c3d4e5f6），没有外部凭证", "en": "plan locked on this computer on 2024-01-05 (a1b2c3d4e5f6), without an outside receipt"},
        "key": "a1b2c3d4e5f6", "locked_on": "2024-01-05"}


def both(zh, en):
    return {"zh": zh, "en": en}


def panel_of(spec, outcome, unit, seed=0):
    made = simulate_panel(spec, rng=np.random.default_rng(seed))
    panel = Panel.from_frame(
        made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome=outcome, unit=unit,
    )
    return replace(panel, breaks=made.breaks), made


def dictionary(call):
    """An estimate as the file has it, or the refusal in both languages."""
    try:
        return call().to_dict(), None
    except CommResearchError as error:
        return None, {language.value: render_error(error, language) for language in Language}


def series(panel):
    frame = panel.frame.assign(kind=np.where(panel.frame["treated_from"].notna(), "treated", "comparison"))
    means = frame.pivot_table(index="month", columns="kind", values="value").reindex(columns=["treated", "comparison"])
    return [{"month": f"{month:%Y-%m}", **{k: None if pd.isna(v) else v for k, v in row.items()}} for month, row in means.iterrows()]


def entry_of(panel, made, definition, ways=(), **more):
    """Everything that the file holds of one outcome; `ways` are (name, label, options)."""
    found = estimate_impact(panel, rollout=made.rollout, programmes=made.programmes, seed=7)
    grading = grade_evidence(found.design, found.checks)
    study, no_study = dictionary(lambda: estimate_event_study(panel, rollout=made.rollout, seed=7))
    others = []
    for name, label, options in ways:
        estimate, refusal = dictionary(lambda options=options: estimate_impact(panel, detect_design(panel, made.rollout), seed=7, **options))
        others.append({"name": name, "label": label, "estimate": estimate, "refusal": refusal})
    starts = panel.frame.drop_duplicates("unit_id")["treated_from"].dropna().value_counts().sort_index()
    return {
        "outcome": panel.definition.outcome, "definition": definition, "refusal": None, "estimate": found.to_dict(), "event_study": study, "event_study_refusal": no_study if found.design.control != "none" else None, "sensitivities": others,
        "grading": {
            "grade": grading.grade.value, "design": grading.design, "text": {language.value: grading.text(language) for language in Language},
            "table": json.loads(grading.table.to_json(orient="records")),
        },
        "deviations": [], "series": series(panel), "claims": [], "unit": str(panel.unit), "breaks": [],
        "starts": [{"month": f"{month:%Y-%m}", "units": int(n)} for month, n in starts.items()], **more,
    }


def complaints():
    panel, made = panel_of(PanelSpec(units=18, treated=6, starts=(14, 20), effect=-30.0), "complaint_rate", "per_1000_households")
    return entry_of(
        panel, made, both("每千户常住户每月投诉件数。", "Complaints per 1,000 resident households and month."),
        ways=(
            ("two_way", both("双向固定效应（按差额）", "two-way fixed effects (differences)"), {"method": "two_way_fixed_effects", "inference": "cr2"}),
            ("imputation", both("插补（按差额）", "imputation (differences)"), {"method": "imputation", "inference": "cr3"}),
            ("randomised", both("随机化推断", "randomisation inference"), {"inference": "randomisation"}),
            ("wrong", both("这种做法配不上的推断", "an inference that does not fit"), {"inference": "hac"}),
        ),
        breaks=[{"month": "2023-06", "note": "类别口径调整", "units": None}, {"month": "2025-04", "note": "热线归并", "units": 3}],
        deviations=[both("与计划不同：方法计划为imputation，实际为saturated_poisson", "deviates from the plan: method planned imputation, done saturated_poisson")],
        claims=[{"claim_id": "x1", "text": both("材料称投诉下降四成", "the source says that complaints fell by 40 percent")}],
    )


def youth():
    """Treated units rise before the start already; some months were recorded in part."""
    panel, made = panel_of(PanelSpec(units=20, treated=7, kind="shares", level=12.0, effect=1.0), "youth_participation", "percentage_points", seed=3)
    frame = panel.frame.copy()
    months = frame["month"].dt.year * 12 + frame["month"].dt.month
    frame["value"] += np.where(frame["treated_from"].notna(), 0.25 * (months - months.min()), 0.0)
    frame["partial_month"] = frame["unit_id"].isin(["U001", "U002"]) & (frame["month"] == pd.Timestamp("2023-03-01"))
    return entry_of(replace(panel, frame=frame), made, both("当月至少参加一次活动的青年居民占比。", "Young residents who attended at least one event in the month."))


def space():
    panel, made = panel_of(PanelSpec(units=8, treated=2, kind="shares", level=30.0, effect=4.0), "space_use", "percentage_points", seed=1)
    return entry_of(
        panel, made, both("使用时间占参照时间的百分比。", "Used hours in percent of reference hours."),
        ways=(("ferman_pinto", both("少数试点的推断", "inference for few treated"), {"method": "two_way_fixed_effects", "inference": "ferman_pinto"}),),
    )


def area():
    """Nothing is treated within the months of the panel."""
    panel, made = panel_of(PanelSpec(units=4, treated=0, kind="shares", level=60.0), "area_in_use", "percentage_points")
    _, refusal = dictionary(lambda: estimate_impact(panel, rollout=made.rollout))
    return {
        "outcome": "area_in_use", "definition": both("月末在用面积占登记面积的百分比。", "Area in use in percent of registered area at month end."), "refusal": refusal,
        "estimate": None, "grading": None, "event_study": None, "event_study_refusal": None, "sensitivities": [], "deviations": [], "series": [], "claims": [],
        "unit": "percentage_points", "breaks": [], "starts": [],
    }


@cache
def case():
    return json.loads(json.dumps(ABOUT | {"plan": PLAN, "outcomes": [space(), complaints(), youth(), area()]}, ensure_ascii=False))


def write_case(folder, found=None):
    """The file below the folder of a case."""
    (folder / "_estimates").mkdir(parents=True)
    (folder / "_estimates" / "estimates.json").write_text(json.dumps(case() if found is None else found, ensure_ascii=False), encoding="utf8")
    return folder


@cache
def case_folder():
    return write_case(Path(mkdtemp(prefix="impact-")))


@cache
def opened(language="zh"):
    return open_page(case_folder(), language)


@cache
def items_of(page):
    return [
        *impact_summary.first_screen(page), *impact_summary.effects(page), *impact_outcomes.outcomes(page), *impact_reading.grades(page), *impact_reading.plan(page),
        *impact_reading.reading(page), *impact_reading.definitions(page), *impact_reading.references(page), *impact_reading.figure_numbers(page),
        *impact_reading.files(page, "0.1.0"),
    ]


def words_of(item):
    return f"{item.caption} {{#{item.id}}} {item.alt}\n{item.note}" if isinstance(item, Figure) else item.markdown(Path())


def body_of(page):
    """All that a page says; figures by their words, without being written to files."""
    return "\n\n".join(words_of(item) for item in items_of(page))


def table(page, name):
    return next(i for i in items_of(page) if isinstance(i, Table) and i.id == f"tbl-impact-{name}")


def figure(page, name):
    return next(i for i in items_of(page) if isinstance(i, Figure) and i.id == f"fig-impact-{name}")
