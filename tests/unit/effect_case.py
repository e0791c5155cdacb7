"""A small fictional case whose tickets carry a known effect: registers, one log, case.toml, as a partner would send them."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.unit.case_facts import case_facts

REST = """
[roster]
file = "communities.csv"

[rollout]
file = "rollout.csv"

[[data]]
kind = "tickets"
files = ["tickets.csv"]
extracted_on = 2026-02-01

[analysis]
months = ["{first}", "{last}"]
seed = 7
"""


def write_case(
    folder: Path, *, units: int = 9, treated: int = 3, months: int = 26, start: int | None = 14, effect: float = -0.4, chosen_by: str = "volunteer",
    seed: int = 3, rate: float = 9.0,
) -> Path:
    """Write the folder of a case; `start` None: the pilot has not begun, nothing is said of units that start."""
    rng = np.random.default_rng(seed)
    names = [f"{101 + i}" for i in range(units)]
    first = pd.Period("2023-01", freq="M")
    folder.mkdir(parents=True, exist_ok=True)
    roster = pd.DataFrame({"unit_id": names, "unit_level": "community", "name": [f"第{n}社区" for n in names], "households": rng.integers(600, 1600, units)})
    roster = roster.assign(population=2 * roster["households"], youth_population=roster["households"] // 2, valid_from="2015-01-01", source="虚构", as_of="2022-12-31")
    roster.to_csv(folder / "communities.csv", index=False)
    begins = [str((first + start).to_timestamp().date()) if start is not None and i < treated else "" for i in range(units)]
    pd.DataFrame({"unit_id": names, "start_month": begins, "chosen_by": chosen_by}).to_csv(folder / "rollout.csv", index=False)
    pd.DataFrame({"source": ["tickets"], "unit_id": ["*"], "live_from": ["2022-12-01"], "live_to": [""]}).to_csv(folder / "coverage.csv", index=False)
    rows = []
    for i, name in enumerate(names):
        for m in range(months):
            falls = 1 + effect if start is not None and i < treated and m >= start else 1.0
            days = rng.integers(1, 28, rng.poisson(rate * falls * (1 + 0.1 * i)))
            rows += [(f"{first + m}-{day:02d} 09:00", name) for day in days]
    frame = pd.DataFrame(rows, columns=["受理时间", "事发地"])
    frame.insert(0, "工单编号", [f"T{i:05d}" for i in range(len(frame))])
    frame.assign(诉求类型="投诉", 工单状态="已办结").to_csv(folder / "tickets.csv", index=False)
    text = case_facts(folder.name, zh="望海片区（模拟数据）", en="Wanghai (simulated)") + REST.format(first=first, last=first + months - 1)
    (folder / "case.toml").write_text(text, encoding="utf8")
    return folder


def name_plan(folder: Path, plan: str = "plan.toml") -> None:
    """Name a plan in case.toml."""
    path = folder / "case.toml"
    path.write_text(path.read_text(encoding="utf8").replace("seed = 7", f'plan = "{plan}"\nseed = 7'), encoding="utf8")
