"""The table of indicators that a fictional pilot fills in for a year: actual values from its own counts, targets five percent beyond the year before."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cases.indicators_file import COLUMNS, INDICATORS_FILE, OPTIONAL, OVERSHOOT
from commresearch.records import write_whole
from commresearch.simulate.demo_panels import Drawn, panel_frame
from commresearch.simulate.log_people import OLDEST, YOUNGEST

INDICATOR_YEAR = 2025
BETTER, WORSE = 1.05, 0.95  #: of the same months of the year before
SOURCE, OFFICE = "{log}（模拟数据）", "社区治理科（虚构）"
LATE, FAR = "年初定目标时偏乐观（虚构）", "目标按上年定，偏低（虚构）"


def write_indicators(drawn: Drawn, folder: Path, year: int = INDICATOR_YEAR) -> None:
    """Write indicators.csv for the months of a year that the logs have.

    Two indicators have no actual value: nobody in the simulation keeps accounts or asks residents for them.
    """
    rows = [
        _judged("决策", "项目立项", "立项依据充分性", "依据充分，程序完整", "92", "5"), _judged("决策", "绩效目标", "绩效指标明确性", "指标清晰、可衡量", "85", "5"),
        _blank("过程", "资金管理", "预算执行率", "%", "95", "10"), *_counted(drawn, year), _blank("效益", "满意度", "居民满意率", "%", "85", "10"),
    ]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*COLUMNS, *OPTIONAL], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows([row | {"year": str(year)} for row in rows])
    write_whole(folder / INDICATORS_FILE, b"\xef\xbb\xbf" + buffer.getvalue().encode())


def _judged(level1: str, level2: str, level3: str, target: str, actual: str, weight: str) -> dict[str, str]:
    """An indicator that somebody judged, in percent of what was meant to be reached."""
    return {
        "level1": level1, "level2": level2, "level3": level3, "unit": "定性", "target": target, "actual": actual, "weight": weight, "source": "自评材料（虚构）",
        "responsible": OFFICE, "reason": "个别环节还在完善（虚构）",
    }


def _blank(level1: str, level2: str, level3: str, unit: str, target: str, weight: str) -> dict[str, str]:
    return {"level1": level1, "level2": level2, "level3": level3, "unit": unit, "target": target, "weight": weight}


def _counted(drawn: Drawn, year: int) -> Iterator[dict[str, str]]:
    """Indicators that the logs tell, each beside the same months of the year before."""
    now, before = (_counts(drawn, wanted, _months(drawn, year)) for wanted in (year, year - 1))
    yield _count("产出", "产出数量", "组织活动场次", "场次", "15", now["events"], before["events"], "签到台账")
    yield _count("产出", "产出数量", "参加活动人次", "人次", "10", now["visits"], before["visits"], "签到台账")
    yield _share("产出", "产出质量", "签到登记年龄完整率", "%", "10", (now["aged"], now["signed"]), (before["aged"], before["signed"]), 100, "签到台账")
    yield _share("产出", "产出时效", "期末活动室面积在用占比", "%", "5", (now["in_use"], now["registered"]), (before["in_use"], before["registered"]), 100, "场地登记")
    complaints = [(counts["cases"], counts["household_months"]) for counts in (now, before)]
    yield _share("效益", "社会效益", "每千户每月投诉举报件数", "件/千户·月", "15", complaints[0], complaints[1], 1_000, "热线和物业工单") | {"better": "lower"}
    yield _count("效益", "社会效益", "参加活动的青年居民人数（去重）", "人", "15", now["young"], before["young"], "签到台账")


def _months(drawn: Drawn, year: int) -> list[int]:
    """Months of a year that the logs have, 1 to 12."""
    months = panel_frame(drawn, "complaint_rate")["month"].drop_duplicates()
    return [month.month for month in months if month.year == year]


def _counts(drawn: Drawn, year: int, months: list[int]) -> Mapping[str, float]:
    """What was counted in some months of a year."""

    def here(moments: Any) -> Any:
        times = pd.DatetimeIndex(moments)
        return (times.year == year) & times.month.isin(months)

    complaints, area = (_of_months(panel_frame(drawn, outcome), year, months) for outcome in ("complaint_rate", "area_in_use"))
    last = area[area["month"] == area["month"].max()]
    found = {
        "cases": complaints["numerator"].sum(), "household_months": complaints["denominator"].sum(), "in_use": last["numerator"].sum(), "registered": last["denominator"].sum(),
    }
    if drawn.signins is not None:
        table, origins, events = drawn.signins.table, drawn.signins.origins, drawn.signins.events
        signed = here(table["event_at"]) & (table["role"] == "attends").to_numpy() & (origins["person"] >= 0).to_numpy()
        aged = signed & table["age_low"].notna().to_numpy()
        low, high = (table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("age_low", "age_high"))
        young = aged & (low >= YOUNGEST) & (high <= OLDEST) & table["is_resident"].fillna(value=False).to_numpy(dtype=bool)
        found |= {
            "events": here(events["event_at"]).sum(), "visits": signed.sum(), "signed": signed.sum(), "aged": aged.sum(), "young": len(np.unique(origins["person"].to_numpy()[young])),
        }
    return {name: float(value) for name, value in found.items()}


def _of_months(frame: pd.DataFrame, year: int, months: list[int]) -> pd.DataFrame:
    chosen: pd.DataFrame = frame[(frame["month"].dt.year == year) & frame["month"].dt.month.isin(months)]
    return chosen


def _count(level1: str, level2: str, level3: str, unit: str, weight: str, now: float, before: float, log: str) -> dict[str, str]:
    target = float(round(BETTER * before))
    row = {"level1": level1, "level2": level2, "level3": level3, "unit": unit, "target": f"{target:.0f}", "actual": f"{now:.0f}", "weight": weight}
    return row | _origin(log) | _reason(now / target if target else 1.0)


def _share(
    level1: str, level2: str, level3: str, unit: str, weight: str, now: tuple[float, float], before: tuple[float, float], scale: int, log: str
) -> dict[str, str]:
    """A share with its parts; a rate per thousand should fall, a percentage should rise, to no more than a hundred."""
    value, earlier = (round(scale * above / below, 1) for above, below in (now, before))
    target = round(min(BETTER * earlier, 100.0), 1) if scale == 100 else round(WORSE * earlier, 1)
    row = {
        "level1": level1, "level2": level2, "level3": level3, "unit": unit, "target": f"{target:.1f}", "actual": f"{value:.1f}", "numerator": f"{now[0]:.1f}".removesuffix(".0"),
        "denominator": f"{now[1]:.1f}".removesuffix(".0"), "weight": weight,
    }
    return row | _origin(log) | _reason(value / target if scale == 100 else target / value)


def _origin(log: str) -> dict[str, str]:
    return {"source": SOURCE.format(log=log), "responsible": OFFICE}


def _reason(reached: float) -> dict[str, str]:
    """A reason where one is asked for."""
    if reached < 1:
        return {"reason": LATE}
    return {"reason": FAR} if reached > float(OVERSHOOT) else {}
