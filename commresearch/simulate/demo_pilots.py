"""The six fictional pilots: one for every way in which pilots come about, each with what it is meant to show.

Nothing in here was adjusted after looking at an estimate. The seed of a pilot follows from its id, so that no draw was picked: where the interval of a
pilot does not hold the truth, it does not.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from commresearch.simulate.demo_names import pilot_names
from commresearch.simulate.log_spec import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec
from commresearch.terms import Platform, Sampling

SPACE_LOGS = ("bookings", "counters", "open_hours")
SHARED_OUTCOMES = ("complaint_rate", "youth_participation", "area_in_use")
#: Persons are known well enough for counting by age: what a book of sign-ins gives where somebody takes care of it.
TIERS = {"id": 0.35, "phone": 0.62, "name_birth": 0.03}
#: A hotline that gives away its complaints, to keep files small.
TICKETS = TicketSpec(
    rate=15.0, complaint_share=0.95, repeats=0.1, late_returns=0.03, channels=(0.35, 0.35, 0.3), described=0.1, by_name=0.25, by_estate=0.15, new_channel=None, recoding=None,
)
SIGNINS = SigninSpec(
    youth_rate=4.0, events=2, activity_sd=0.8, tiers=TIERS, non_residents=0.05, residence_unknown=0.005, age_unknown=0.0, head_counts=0.0, late_registers=0, others_come=0.04,
    more_visits=0.12, helpers=0.12,
)
ROOMS = RoomSpec(
    rooms=1, use=7.0, whole_days=0.045, double=0.04, no_shows=0.06, cancelled=0.05, unknown=0.01, counters=0.0, office_meetings=0.02, idle=True,
    revived=1.0, revived_anyway=0.1,
)
BASE = LogSpec(
    grids=3, persons_per_household=2.4, youth_share=0.22, boundary_changes=False, other_programmes=False, tickets=TICKETS, signins=SIGNINS, rooms=ROOMS,
    shock_sd=0.1, unit_sd=0.2, dirt=replace(LogDirt(), place_variant=0.02, identifier_in_text=0.02),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSurvey:
    """A survey of a pilot: platform, people asked, how they were drawn, first day, and whether only some communities of each subdistrict were drawn."""

    platform: Platform
    respondents: int
    first_day: date
    sampling: Sampling = Sampling.PROBABILITY
    clusters_per_street: int | None = None
    wave: str = "w1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPilot:
    """A fictional pilot.

    case_id
        name of its folder; its seed follows from it
    design
        key of the design in the words of `demo`: staggered, few_treated, one_district, all_at_once, worst_chosen, randomised
    spec
        what is simulated
    left_out
        kinds of logs that nobody keeps there
    outcomes
        what its files tell of; `refused`: of these, what no honest estimate exists for
    planted
        keys of what was planted beside the effects, in the words of `demo`
    encoding, by
        of the hotline's file; sheets of the books of sign-ins
    published
        whether its issuer published numbers of its own, which then stand in claims.csv
    indicators
        whether it filled in the table of indicators of a year
    correct_places
        whether somebody found out which communities were meant by names that no register holds, and wrote corrections.csv
    """

    case_id: str
    design: str
    spec: LogSpec
    left_out: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ("complaint_rate", "youth_participation", "space_use", "area_in_use")
    refused: tuple[str, ...] = ()
    planted: tuple[str, ...] = ()
    encoding: str = "gb18030"
    by: str = "month"
    correct_places: bool = False
    published: bool = False
    indicators: bool = False
    surveys: tuple[DemoSurvey, ...] = ()

    @property
    def seed(self) -> int:
        """Seed of everything random in the pilot, and of [analysis] in its case.toml."""
        return demo_seed(self.case_id)


def demo_seed(case_id: str) -> int:
    """A seed that follows from an id: the first 31 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:4], "big") >> 1


def _pilots() -> tuple[DemoPilot, ...]:
    effects = {"complaint_rate": -20.0, "youth_participation": 4.0, "space_use": 5.0}  # of space use with the room opened again: about 8
    return (
        DemoPilot(
            case_id="lanxiu", design="staggered", left_out=SPACE_LOGS, outcomes=SHARED_OUTCOMES, correct_places=True, published=True, indicators=True, planted=("corrections",),
            spec=replace(
                BASE, communities=40, treated=20, starts=(12, 14, 16), months=24, first_month=date(2023, 7, 1), households=130, effects=effects,
                names=pilot_names("澜岫区", "Lanxiu District", "溆澜市", first=0, streets=(0, 1, 2, 3)),
            ),
            surveys=(DemoSurvey(platform=Platform.WENJUANXING, respondents=100, first_day=date(2025, 9, 8), clusters_per_street=4),),
        ),
        DemoPilot(
            case_id="dixu", design="few_treated", refused=("youth_participation",), planted=("late_register", "door_counters", "longer_hours"), encoding="utf-8-sig",
            spec=replace(
                BASE, communities=30, treated=3, starts=(12,), months=24, first_month=date(2023, 9, 1), households=120, effects=effects,
                signins=replace(SIGNINS, late_registers=3, youth_rate=3.0), rooms=replace(ROOMS, counters=0.03),
                names=pilot_names("荻溆区", "Dixu District", "溆澜市", first=44, streets=(4, 5, 6)),
            ),
            surveys=(DemoSurvey(platform=Platform.SPSS, respondents=60, first_day=date(2025, 9, 15)),),
        ),
        DemoPilot(
            case_id="liaolan", design="one_district", left_out=SPACE_LOGS, outcomes=SHARED_OUTCOMES, planted=("concurrent_programme",), by="activity",
            spec=replace(
                BASE, communities=24, treated=1, assigned_level="district", starts=(12,), months=24, first_month=date(2023, 5, 1), households=160, effects=effects,
                concurrent=-12.0, signins=replace(SIGNINS, residence_unknown=0.0, tiers={"id": 1.0, "phone": 0.0, "name_birth": 0.0}),  # a synthetic comparison allows no gap
                names=pilot_names("蓼澜市", "Liaolan City", "蓼澜市", first=88, streets=range(12), level="city", part=("区", "District")),
            ),
        ),
        DemoPilot(
            case_id="zhiting", design="all_at_once", left_out=("counters",), indicators=True, planted=("recoding", "season", "longer_hours"),
            spec=replace(
                BASE, communities=8, treated=8, chosen_by="all", starts=(25,), months=38, first_month=date(2023, 2, 1), households=280, effects=effects,
                spring_dip=0.6, summer_rise=0.25, tickets=replace(TICKETS, recoding=27, recoded=0.15), rooms=replace(ROOMS, revived_anyway=0.0),
                names=pilot_names("芷汀县", "Zhiting County", "椿渚市", first=20, streets=(7, 8, 9), level="county"),
            ),
            surveys=(DemoSurvey(platform=Platform.TENCENT, respondents=80, first_day=date(2026, 4, 6), sampling=Sampling.OPT_IN),),
        ),
        DemoPilot(
            case_id="lingyu", design="worst_chosen", left_out=SPACE_LOGS, outcomes=SHARED_OUTCOMES, published=True, planted=("regression_to_mean", "no_effect"),
            spec=replace(
                BASE, communities=36, treated=12, chosen_by="worst", selected_on=4, starts=(6,), months=18, first_month=date(2023, 8, 1), households=130,
                effects={**effects, "complaint_rate": 0.0, "space_use": 0.0}, unit_sd=0.15, shock_sd=0.5, autocorrelation=0.4,
                names=pilot_names("菱屿区", "Lingyu District", "椿渚市", first=64, streets=(10, 11, 0)),
            ),
        ),
        DemoPilot(
            case_id="qiuzhu", design="randomised", left_out=("counters",), correct_places=True, planted=("corrections",), encoding="gb18030",
            spec=replace(
                BASE, communities=24, treated=15, chosen_by="random", starts=(12, 13, 14), months=24, first_month=date(2023, 6, 1), households=140, effects=effects, rooms=replace(ROOMS, longer_hours=False),
                names=pilot_names("楸渚区", "Qiuzhu District", "椿渚市", first=108, streets=(2, 4, 6)),
            ),
            surveys=(DemoSurvey(platform=Platform.KOBO, respondents=110, first_day=date(2025, 7, 7), clusters_per_street=4),),
        ),
    )


#: The pilots by their ids, in the order in which they are told of.
DEMO_PILOTS: Mapping[str, DemoPilot] = {pilot.case_id: pilot for pilot in _pilots()}
