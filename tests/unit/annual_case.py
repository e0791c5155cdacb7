"""A small fictional case with logs, estimates, indicators and two runs in a store: what the annual report is made from."""

from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from commresearch.cases import load_case
from commresearch.cases.indicators_file import COLUMNS
from commresearch.reporting import annual_close, annual_outcomes, annual_runs, annual_scores, annual_summary
from commresearch.reporting.annual_page import open_page
from commresearch.reporting.display import Table
from commresearch.workflow import build_case_panels, clean_logs, estimate_case
from commresearch.workflow.kept_results import keep_estimates, results_store
from tests.unit.effect_case import write_case

INDICATORS = (
    ("决策", "项目立项", "立项依据", "定性", "程序完整", "90", "", "", "20", "材料", "社区科", "缺一份纪要"),
    ("产出", "产出数量", "活动场次", "场次", "100", "80", "", "", "50", "台账", "社区科", "人手不足 <b>|@x"),
    ("效益", "满意度", "居民满意率", "%", "85", "", "", "", "30", "", "", ""),
)


def write_indicators(folder, *rows, more=()):
    """indicators.csv of a case folder; `more` are columns behind the usual ones, blank in every row."""
    lines = [",".join((*COLUMNS, *more)), *(",".join((*row, *("" for _ in more))) for row in (rows or INDICATORS))]
    (folder / "indicators.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def estimate(root, folder, at):
    """Estimate the case and keep the run."""
    case, out = load_case(folder), root / "reports" / "clean" / folder.name
    logs = clean_logs(case, out)
    panels = build_case_panels(case, logs, out)
    made = estimate_case(case, out, counted=(logs, panels))
    return keep_estimates(case, made, (logs, panels), results_store(root), at=at)


@cache
def annual_case():
    """Root of a project; its case `wanghai` has months from January 2023 to February 2025, and changed a definition between two runs."""
    root = Path(mkdtemp(prefix="annual-"))
    folder = write_case(root / "data_raw" / "wanghai", units=6, treated=2)
    estimate(root, folder, datetime(2025, 3, 1, 9, 0))  # noqa: DTZ001
    with (folder / "case.toml").open("a", encoding="utf8") as file:
        file.write("\n[outcomes.complaint_rate]\nfollow_up_days = 15\n")
    with (folder / "coverage.csv").open("w", encoding="utf8") as file:
        file.write("source,unit_id,live_from,live_to,note\ntickets,*,2022-12-01,2024-07-01,\ntickets,*,2024-07-01,,类别调整\n")
    estimate(root, folder, datetime(2025, 4, 1, 9, 0))  # noqa: DTZ001
    write_indicators(folder)
    (folder / "narrative.zh.md").write_text("# 问题\n\n投诉集中在{{estimate:complaint_rate}}以外的<script>事项|。\n\n- 第一\n- 第二\n\n# 建议\n", encoding="utf8")
    return root


def page(year=2024, language="zh", root=None):
    root = annual_case() if root is None else root
    return open_page(root / "reports" / "clean" / "wanghai", root / "data_raw" / "wanghai", root / "reports" / "results", year, language)


def items_of(opened):
    """Everything that the report shows."""
    return [
        *annual_summary.first_screen(opened), *annual_summary.project(opened), *annual_summary.course(opened), *annual_scores.conclusions(opened), *annual_scores.analysis(opened),
        *annual_outcomes.outcomes(opened), *annual_runs.trends(opened), *annual_close.experience(opened), *annual_close.recommendations(opened), *annual_close.other(opened, "1.2.3"),
    ]


def text_of(items, folder):
    return "\n\n".join(item.markdown(folder) for item in items)


def tables_of(items):
    return {item.id: item for item in items if isinstance(item, Table)}
