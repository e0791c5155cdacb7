"""Pilots of sixteen fictional cities: which mechanisms each uses and how much, what that does, and the panels one would see.

What works is a rule that nobody would find by averaging: two mechanisms together, or a third where a fourth is absent. So the mean over cities, the
spread around it, and the combinations behind it are all known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from commresearch.errors import Failure, SchemaError
from commresearch.simulate.panels import Artefact, PanelSpec, SimulatedPanel, simulate_panel

CITIES: tuple[tuple[str, str, str], ...] = (
    ("lanxun", "澜浔市", "Lanxun"), ("wuyu", "梧屿市", "Wuyu"), ("xiuchuan", "岫川市", "Xiuchuan"), ("dizhou", "荻洲市", "Dizhou"),
    ("jinpu", "槿浦市", "Jinpu"), ("xuyun", "溆云市", "Xuyun"), ("weize", "苇泽市", "Weize"), ("chunyuan", "椿原市", "Chunyuan"),
    ("tongting", "桐汀市", "Tongting"), ("liaowan", "蓼湾市", "Liaowan"), ("zhugang", "茱岗市", "Zhugang"), ("lingcha", "菱汊市", "Lingcha"),
    ("zhiling", "芷陵市", "Zhiling"), ("qiuping", "楸坪市", "Qiuping"), ("yubo", "榆泊市", "Yubo"), ("fengbu", "枫埠市", "Fengbu"),
)
CONDITIONS = ("SP", "FD", "PT", "UP")  #: space for service, community fund, points, university partnership
RULE = "SP*FD + ~PT*UP"  #: what makes an effect large
OUTCOMES: Mapping[str, Literal["counts", "shares"]] = {"complaint_rate": "counts", "youth_participation": "shares"}
UNITS = {"complaint_rate": "per_1000_households", "youth_participation": "percentage_points"}
LEVELS = {"complaint_rate": 4.0, "youth_participation": 20.0}
ALIKE = 2  #: pilots with the same mechanisms
#: What spoils some of the pilots, by position: what they show is then no effect, or only partly one.
SPOILT: Mapping[int, Artefact] = {4: "regression_to_mean", 9: "programme", 13: "late_record"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySpec:
    """What is true of all cities.

    large, small
        mean effect where the rule holds and where it does not, by outcome: percent for counts, percentage points for shares
    spread
        standard deviation of the effects of cities around these means (τ)
    units, treated, months, start
        of each panel; `units` differ between cities by a factor of two around this
    """

    large: Mapping[str, float] = field(default_factory=lambda: {"complaint_rate": -26.0, "youth_participation": 6.0})
    small: Mapping[str, float] = field(default_factory=lambda: {"complaint_rate": -5.0, "youth_participation": 1.0})
    spread: Mapping[str, float] = field(default_factory=lambda: {"complaint_rate": 3.0, "youth_participation": 0.8})
    units: int = 32
    treated: int = 10
    months: int = 36
    start: int = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedCity:
    """One pilot.

    doses
        condition → how much of it there is, 0-100 (percent of communities that have it)
    panels
        outcome → its panel and truth
    follows_rule
        whether the rule holds in it
    place
        its place among the cities, from 0
    """

    case_id: str
    name_zh: str
    name_en: str
    doses: Mapping[str, float]
    panels: Mapping[str, SimulatedPanel]
    follows_rule: bool
    place: int

    @property
    def truth(self) -> dict[str, float]:
        """Outcome → true effect, in percent or percentage points."""
        return {outcome: made.truth for outcome, made in self.panels.items()}


def simulate_cities(spec: CitySpec | None = None, *, rng: np.random.Generator) -> tuple[SimulatedCity, ...]:
    """Sixteen pilots in eight of the sixteen combinations of four mechanisms, two of each: like cities that learn from one another.

    Parameters
    ----------
    spec : CitySpec, optional
    rng : Generator
        Of everything random.

    Returns
    -------
    tuple of SimulatedCity
        In the order of `CITIES`.

    Raises
    ------
    SchemaError
        An outcome of the settings that is none, or is lacking, or settings of panels that cannot be (CR-M01).
    """
    spec = CitySpec() if spec is None else spec
    _check(spec)
    codes = np.repeat(rng.choice(1 << len(CONDITIONS), len(CITIES) // ALIKE, replace=False), ALIKE)
    present = rng.permutation(codes)[:, None] >> np.arange(len(CONDITIONS)) & 1 > 0
    return tuple(_city(spec, i, present[i], rng) for i in range(len(CITIES)))


def _check(spec: CitySpec) -> None:
    wrong = [(name, key) for name in ("large", "small", "spread") for key in sorted(set(getattr(spec, name)) ^ set(OUTCOMES))]
    if wrong:
        raise SchemaError(*(Failure(code="CR-M01", values={"setting": name, "got": key, "allowed": ", ".join(OUTCOMES)}) for name, key in wrong))


def _city(spec: CitySpec, i: int, present: np.ndarray, rng: np.random.Generator) -> SimulatedCity:
    case_id, name_zh, name_en = CITIES[i]
    has = dict(zip(CONDITIONS, present, strict=True))
    follows = (has["SP"] and has["FD"]) or (has["UP"] and not has["PT"])
    doses = {c: float(np.round(rng.uniform(62, 95) if has[c] else rng.uniform(4, 34))) for c in CONDITIONS}
    units = int(rng.integers(round(spec.units * 2 / 3), round(spec.units * 4 / 3) + 1))
    panels = {outcome: _panel(spec, outcome, units, follows=follows, artefact=SPOILT.get(i, "none"), rng=rng) for outcome in OUTCOMES}
    return SimulatedCity(case_id=case_id, name_zh=name_zh, name_en=name_en, doses=doses, panels=panels, follows_rule=bool(follows), place=i)


def _panel(spec: CitySpec, outcome: str, units: int, *, follows: bool, artefact: Artefact, rng: np.random.Generator) -> SimulatedPanel:
    mean = (spec.large if follows else spec.small)[outcome]
    return simulate_panel(
        PanelSpec(
            units=units, months=spec.months, treated=spec.treated, starts=(spec.start,), kind=OUTCOMES[outcome], level=LEVELS[outcome],
            effect=float(rng.normal(mean, spec.spread[outcome])), artefact=artefact,
        ),
        rng=rng,
    )


def doses_of(cities: tuple[SimulatedCity, ...]) -> pd.DataFrame:
    """How much of each mechanism each city has: case_id, one column per condition (0-100)."""
    return pd.DataFrame([{"case_id": c.case_id, **c.doses} for c in cities])
