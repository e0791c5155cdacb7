"""What a simulated pilot keeps records of, and how often a clerk writes something down in another way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from commresearch.errors import Failure, SchemaError
from commresearch.simulate.community_questionnaire import CITY, COMMUNITIES, PLACE, PROVINCE, STREETS

OUTCOMES = ("complaint_rate", "youth_participation", "space_use")
SUCCESSORS = 4  #: names that a merger, a split and a renaming need
SMALLEST_PILOT = 8  #: communities of a pilot with every kind of boundary change
MOST_USE = 36.0  #: percent of the reference hours that sessions by day can fill


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotNames:
    """Names of places that do not exist: the pilot's, those around it, its parts (streets, or districts of a city), its communities."""

    place: str = PLACE
    place_en: str = "Simulated pilot"
    level: str = "district"
    province: str = PROVINCE
    city: str = CITY
    streets: tuple[tuple[str, str], ...] = STREETS
    communities: tuple[str, ...] = COMMUNITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDirt:
    """How often a record is written in another way than the plain one; every rate is a share of the cells or rows it can happen to.

    Tickets, sign-ins and room use: `stamp_form` (another form of a time or day), `stamp_cell` (a true time in a workbook).
    Places: `place_variant` (the name with its subdistrict, or with spaces), `place_number` (a code stored as a number in a workbook),
    `place_unknown` (a name that no register holds). Tickets: `label_spacing` (spaces around a label), `closed_before` (closed before
    it was received), `phone_form` (a number with spaces or hyphens), `identifier_in_text`, and as shares of the rows
    `duplicate_row` (the same row twice), `duplicate_conflict` (the same id with other contents). Sign-ins: `age_impossible`,
    `id_as_number` (an identity number that lost its last digits in a workbook), `name_spacing`. Room use: `hours_form` (another form
    of the hours), `hours_reversed` (end before start), `headcount_unit` (25人, 约25).
    """

    stamp_form: float = 0.06
    stamp_cell: float = 0.2
    place_variant: float = 0.03
    place_number: float = 0.1
    place_unknown: float = 0.004
    label_spacing: float = 0.02
    closed_before: float = 0.003
    phone_form: float = 0.05
    identifier_in_text: float = 0.03
    duplicate_row: float = 0.004
    duplicate_conflict: float = 0.001
    age_impossible: float = 0.003
    id_as_number: float = 0.0
    name_spacing: float = 0.03
    hours_form: float = 0.4
    hours_reversed: float = 0.003
    headcount_unit: float = 0.06

    @classmethod
    def none(cls) -> "LogDirt":
        """No dirt at all."""
        return cls(**{item.name: 0 for item in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSpec:
    """What residents bring forward.

    rate
        cases of complaint or report per 1,000 households and month
    complaint_share
        share of complaints and reports among all demands
    repeats, marked, late_returns, other_channel
        share of tickets that repeat another one; of these, with the official mark; cases whose caller comes back after more than
        seven days; repeats that arrive by another channel
    collective, anonymous, outside, withdrawn, test, unlocated, labelled
        shares of cases: several callers, no caller known, outside the area, withdrawn, tests, without a place, with a label given
        after handling
    channels
        shares of the hotline, of property firms and of grids
    described
        share of tickets in which something is written down of what was said
    by_name, by_estate
        shares of places written as the name of the community, and of the estate, instead of a code
    days_open, never_closed, reached, resolved, satisfied
        median days to close, share that stays open, shares of call-backs that reached somebody, and of these resolved and satisfied
    new_channel, new_channel_adds
        month (from 0) in which a channel opens, None for never, and by how much it multiplies demands (0.15 is 15 percent more)
    recoding, recoded
        month (from 0) from which a share `recoded` of complaints is written down as calls for help, None for never
    """

    rate: float = 6.0
    complaint_share: float = 0.25
    repeats: float = 0.3
    marked: float = 0.5
    late_returns: float = 0.04
    other_channel: float = 0.25
    collective: float = 0.02
    anonymous: float = 0.12
    outside: float = 0.03
    withdrawn: float = 0.02
    test: float = 0.005
    unlocated: float = 0.01
    labelled: float = 0.03
    channels: tuple[float, float, float] = (0.55, 0.25, 0.2)
    described: float = 1.0
    by_name: float = 0.2
    by_estate: float = 0.1
    days_open: float = 3.0
    never_closed: float = 0.03
    reached: float = 0.8
    resolved: float = 0.85
    satisfied: float = 0.8
    new_channel: int | None = 16
    new_channel_adds: float = 0.15
    recoding: int | None = 22
    recoded: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class SigninSpec:
    """Who comes to events.

    youth_rate
        residents of 14 to 35 who attend in a month, in percent of those who live there
    events
        events per community and month
    activity_sd
        standard deviation of the logarithm of how readily a person comes: large values give a few who are always there
    tiers
        shares of persons who sign in by identity number, by telephone, by name and year of birth
    non_residents, residence_unknown, age_unknown
        shares of persons: not from here (once more as many as this share of residents), from where is not written down; without an age
    head_counts
        share of events of which only a number was written down
    late_registers
        communities in the pilot whose register begins with the pilot
    others_come, more_visits, helpers
        how often residents of other ages come, compared with youth; further events in the month of somebody of usual readiness; how many
        volunteers, staff and people who only enrolled there are, compared with the usual
    """

    youth_rate: float = 5.0
    events: int = 4
    activity_sd: float = 1.0
    tiers: Mapping[str, float] = field(default_factory=lambda: {"id": 0.4, "phone": 0.4, "name_birth": 0.2})
    non_residents: float = 0.12
    residence_unknown: float = 0.01
    age_unknown: float = 0.03
    head_counts: float = 0.01
    late_registers: int = 2
    others_come: float = 0.25
    more_visits: float = 0.6
    helpers: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSpec:
    """Rooms and their use.

    rooms
        rooms for activities per community; an office, a corridor, plant and a tenancy stand beside them
    use
        used hours in percent of the reference hours (08:30-21:00 every day)
    whole_days, double, no_shows, cancelled, unknown
        shares of room-days used from morning to evening; of used sessions booked twice; bookings per session to which nobody came, that
        were cancelled, of which nothing is known
    counters
        share of rooms with a door counter; `walk_ins` is the share of sessions there without any booking
    longer_hours
        whether rooms stay open in the evening once the pilot starts; what the pilot adds to use is then use in the evening
    office_meetings
        booked meetings per office and day; offices do not count
    idle, revived, revived_anyway
        whether every community has a further room for activities that is closed at first; shares of these rooms that the pilot opens within
        its first four months, and that open in some month whatever happens
    """

    rooms: int = 3
    use: float = 25.0
    whole_days: float = 0.01
    double: float = 0.1
    no_shows: float = 0.12
    cancelled: float = 0.08
    unknown: float = 0.04
    counters: float = 0.3
    walk_ins: float = 0.3
    longer_hours: bool = True
    office_meetings: float = 0.1
    idle: bool = False
    revived: float = 0.0
    revived_anyway: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpec:
    """A pilot whose logs are simulated.

    communities, grids, households, persons_per_household, youth_share, growth
        communities; grids, households and persons in each; share of residents of 14 to 35; growth of all of them per year
    first_month, months
        the months looked at; tickets begin a month earlier, so that repeats can be told from the first day on
    treated, starts, chosen_by, assigned_level
        communities in the pilot, months (from 0) in which they start in turn, how they were chosen; the others never start. At another level than
        community `treated` counts streets, and all communities of one were decided on together
    selected_on
        months before the start whose rate of complaints decides who is in the pilot: the communities with the highest; 0: they are drawn
    effects
        what the pilot changes: complaint_rate in percent, youth_participation and space_use in percentage points
    unit_sd, autocorrelation, shock_sd, spring_dip, summer_rise
        standard deviation of the logarithm of what differs between communities for good, autocorrelation and standard deviation of
        what differs from month to month, share by which days around the Spring Festival fall, share by which June to August rise
    boundary_changes
        whether communities merge, split, are renamed, and hand over a grid in the second half of the months
    other_programmes, concurrent
        whether estates are renewed here and there; percent by which one that begins with the pilot, in the same communities, changes complaints
    names
        of the places
    """

    communities: int = 12
    grids: int = 4
    households: int = 900
    persons_per_household: float = 2.6
    youth_share: float = 0.28
    growth: float = 0.01
    first_month: date = date(2023, 1, 1)
    months: int = 30
    treated: int = 6
    starts: tuple[int, ...] = (12, 15, 18)
    chosen_by: str = "volunteer"
    assigned_level: str = "community"
    selected_on: int = 0
    effects: Mapping[str, float] = field(
        default_factory=lambda: {"complaint_rate": -20.0, "youth_participation": 2.0, "space_use": 6.0}
    )
    unit_sd: float = 0.2
    autocorrelation: float = 0.5
    shock_sd: float = 0.08
    spring_dip: float = 0.5
    summer_rise: float = 0.1
    boundary_changes: bool = True
    other_programmes: bool = True
    concurrent: float = 0.0
    names: PilotNames = field(default_factory=PilotNames)
    tickets: TicketSpec = field(default_factory=TicketSpec)
    signins: SigninSpec = field(default_factory=SigninSpec)
    rooms: RoomSpec = field(default_factory=RoomSpec)
    dirt: LogDirt = field(default_factory=LogDirt)


ASSIGNED_LEVELS = ("community", "street", "district")
CHOSEN_BY = ("all", "random", "volunteer", "worst", "best", "unknown")
#: settings that are no shares, with what they may be
LIMITS: Mapping[str, tuple[float, float]] = {
    "grids": (3, 50), "households": (50, 20_000), "persons_per_household": (1, 6), "growth": (-0.2, 0.5), "months": (3, 240),
    "unit_sd": (0, 1), "shock_sd": (0, 1), "autocorrelation": (0, 0.95), "spring_dip": (0, 1), "summer_rise": (0, 1),
    "youth_share": (0.05, 0.6), "tickets.rate": (0, 200), "tickets.days_open": (0.1, 60), "tickets.complaint_share": (0.01, 1),
    "tickets.repeats": (0, 0.8), "tickets.new_channel_adds": (0, 5), "signins.youth_rate": (0.1, 40), "signins.events": (2, 60),
    "signins.activity_sd": (0, 3), "signins.late_registers": (0, 200), "signins.more_visits": (0, 5), "signins.helpers": (0, 5),
    "rooms.rooms": (1, 20), "rooms.use": (1, 60), "rooms.office_meetings": (0, 1), "concurrent": (-95, 300),
}


def check_log_spec(spec: LogSpec) -> None:
    """Raise for settings that cannot be.

    Raises
    ------
    SchemaError
        All of them, with what was given and what is allowed.
    """
    failures = [
        Failure(code="CR-M01", values={"setting": name, "got": got, "allowed": f"{low:g} – {high:g}"})
        for name, got, low, high in _ranges(spec)
        if not low <= got <= high
    ]
    words = (
        ("chosen_by", spec.chosen_by, CHOSEN_BY), ("assigned_level", spec.assigned_level, ASSIGNED_LEVELS),
        ("effects", ", ".join(spec.effects), (", ".join(OUTCOMES),)),
        ("signins.tiers", ", ".join(spec.signins.tiers), ("id, phone, name_birth",)), ("first_month", spec.first_month.day, (1,)),
        ("starts", len(spec.starts) > 0, (True,)),
        ("signins.tiers", round(sum(spec.signins.tiers.values()), 6), (1.0,)), ("tickets.channels", round(sum(spec.tickets.channels), 6), (1.0,)),
    )
    failures += [
        Failure(code="CR-M01", values={"setting": name, "got": got, "allowed": ", ".join(str(a) for a in allowed)})
        for name, got, allowed in words
        if got not in allowed
    ]
    if failures:
        raise SchemaError(*failures)


def _ranges(spec: LogSpec) -> Iterator[tuple[str, float, float, float]]:
    """Setting, what was given, least and most."""
    parts = len(spec.names.streets)
    yield "communities", spec.communities, SMALLEST_PILOT if spec.boundary_changes else 2, len(spec.names.communities) - SUCCESSORS
    yield "treated", spec.treated, 0, spec.communities - (4 if spec.boundary_changes else 0) if spec.assigned_level == "community" else parts
    if spec.selected_on:  # those in the pilot are not known before their record is
        yield "selected_on", spec.selected_on, 1, min(spec.starts)
        yield "boundary_changes", spec.boundary_changes, 0, 0
    for name in ("complaint_rate", "youth_participation", "space_use"):
        low, high = (-95, 300) if name == "complaint_rate" else (-20, 20 if name == "youth_participation" else 15)
        yield f"effects.{name}", spec.effects.get(name, 0.0), low, high
    yield "rooms.use + rooms.whole_days", spec.rooms.use + 100 * spec.rooms.whole_days, 0, MOST_USE
    for start in spec.starts:
        yield "starts", start, 1, spec.months - 1
    for month in (spec.tickets.new_channel, spec.tickets.recoding):
        if month is not None:
            yield "tickets.new_channel, tickets.recoding", month, 1, spec.months - 1
    for prefix, part in (("", spec), ("tickets.", spec.tickets), ("signins.", spec.signins), ("rooms.", spec.rooms), ("dirt.", spec.dirt)):
        for item in fields(part):
            got = getattr(part, item.name)
            name = prefix + item.name
            if name in LIMITS:
                yield name, got, *LIMITS[name]
            elif isinstance(got, float):
                yield name, got, 0.0, 1.0
