"""The outcomes against a plain reference on random worlds, in one bucket and in several, on DuckDB and on Spark."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from commresearch.outcomes import area, complaints
from commresearch.outcomes.context import make_context, month_table
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.outcomes.engine import open_engine
from commresearch.outcomes.participation import count_participation
from commresearch.outcomes.space import by_set, sum_space
from commresearch.outcomes.units import UnitRegister
from tests.property import outcome_worlds as worlds
from tests.property import plain_outcomes as plain

PARTICIPATION = {
    "n": "persons", "visitors": "visitors", "residence_unknown": "residence_unknown_in_band", "children": "children", "upper": "persons_upper",
    "lower": "persons_lower", "known": "may_be_residents", "unclear": "age_unclear", "home_unknown": "residence_unknown", "persons_under_35": "persons_1",
    "persons_15_34": "persons_2", "persons_18_35": "persons_3", "times": "person_times_in_band", "repeat": "repeating", "top_times": "times_of_top_tenth",
    "serving": "serving", "all_times": "person_times", "unnamed_times": "unnamed_times", "tier_id": "tier_id", "tier_phone": "tier_phone",
    "tier_name_birth": "tier_name_birth", "new": "new_persons",
}
LENGTHS = {"month": 1, "quarter": 3, "year": 12}


@pytest.fixture(params=[1, 3], ids=["one bucket", "three buckets"])
def engine(request):
    with open_engine("duckdb", memory="600MB", threads=2) as opened:
        opened.buckets_for = lambda rows, width=0: request.param
        yield opened


def assert_participation(engine, rows, months):
    table = month_table(months)
    engine.table("signins", worlds.typed("signins", rows))
    engine.table("places", worlds.place_table())
    counts = count_participation(engine, table, band=(14, 35))
    roled = [row | {"role": row["role"] or "attends", "persons": 1 if row["persons"] is None else row["persons"]} for row in rows]
    seen = 0
    for (period, first_month), found in counts.groupby(["period", "first_month"]):
        first = last = first_month.to_pydatetime()
        for _ in range(LENGTHS[period]):
            last = plain.next_month(last)
        wanted = plain.participation(roled, worlds.places(), first, last)
        assert {unit for unit, cell in wanted.items() if any(cell.values())} <= set(found["unit_id"])
        for row in found.to_dict("records"):
            cell = wanted[row["unit_id"]]
            assert {k: None if np.isnan(row[c]) else row[c] for k, c in PARTICIPATION.items()} == cell, (period, first, row["unit_id"])
            seen += 1
    return seen


def test_ten_thousand_sign_ins(engine):
    rows = worlds.sign_ins(np.random.default_rng(5), 10_000)
    assert assert_participation(engine, rows, ("2023-11", "2024-12")) == 3 * (14 + 4 + 1)


@pytest.mark.parametrize("seed", range(3))
def test_few_sign_ins_with_months_without_any(engine, seed):
    assert assert_participation(engine, worlds.sign_ins(np.random.default_rng(seed), 150), ("2023-01", "2024-12"))


def assert_space(engine, seed, n, months):
    generator = np.random.default_rng(seed)
    rooms, hours = worlds.room_register(generator)
    bookings, counters = worlds.room_use(generator, n)
    table = month_table(months)
    for kind, rows in (("rooms", rooms), ("open_hours", hours), ("bookings", bookings), ("counters", counters)):
        engine.table(kind, worlds.typed(kind, rows))
    engine.table("places", worlds.place_table())
    engine.table("months", table)
    baseline = worlds.day(2024)
    found = by_set(sum_space(engine, table, window=(510, 1260), baseline=baseline.date()), table).set_index(["unit_id", "month"])
    for month in (m.to_pydatetime() for m in table["month"]):
        wanted = plain.space(bookings, counters, rooms, hours, worlds.places(), month, baseline=baseline)
        assert {unit for unit, of in found.index if of == month} <= set(wanted)
        length = (plain.next_month(month) - month).days
        for unit, cell in wanted.items():
            for name, amount in cell.items():
                per = 1 if name.endswith(("visits", "visits_with_area")) else length if name.endswith("area_days") else 60
                column = {"doubled": "all_booked_twice"}.get(name, name.replace("area_days", "area"))
                got = found.at[(unit, month), column] if (unit, month) in found.index else 0.0
                assert got == pytest.approx(amount / per, rel=1e-12, abs=1e-9), (unit, month, name)


def test_ten_thousand_bookings_and_counts(engine):
    assert_space(engine, 1, 10_000, ("2024-02", "2024-02"))


@pytest.mark.parametrize("seed", range(4))
def test_few_bookings(engine, seed):
    assert_space(engine, seed, 150, ("2024-01", "2024-03"))


@pytest.mark.parametrize("seed", range(3))
def test_area_in_use(seed):
    rooms, _ = worlds.room_register(np.random.default_rng(seed))
    with open_engine("duckdb", memory="600MB") as engine:
        context = context_of(engine, {"rooms": worlds.typed("rooms", rooms)}, ("2024-01", "2024-06"), "area_in_use", room_classes=["activity", "tenancy"])
        found = area.cells(engine, context).cells.set_index(["unit_id", "month"])
    for month in context.months["month"]:
        wanted = plain.area_in_use([r | {"room_class": r["room_class"] or "activity"} for r in rooms], worlds.places(), month.to_pydatetime())
        for unit, (in_service, registered) in wanted.items():
            assert tuple(found.loc[(unit, month), ["numerator", "denominator"]]) == pytest.approx((in_service, registered))


class Places(UnitRegister):
    """The places of the random worlds, which no roster would make so odd."""

    def places(self):
        return worlds.place_table()


def context_of(engine, tables, months, outcome, **choices):
    made = UnitRegister.of(pd.DataFrame({"unit_id": ["A", "B", "C"], "unit_level": "community", "community_id": ["A", "B", "C"]}))
    register = Places(**{name: getattr(made, name) for name in UnitRegister.__dataclass_fields__})
    return make_context(engine, tables, register, OutcomeDefinition.of(outcome, **choices), month_table(months))


def assert_complaints(engine, rows, months, **choices):
    context = context_of(engine, {"tickets": worlds.typed("tickets", rows)}, months, "complaint_rate", **choices)
    cells = complaints.cells(engine, context)
    wide = cells.companions.pivot(index=["unit_id", "month"], columns="measure", values="value")
    wanted = plain.complaints(rows, worlds.places(), [m.to_pydatetime() for m in context.months["month"]])
    with_help = plain.complaints(rows, worlds.places(), [m.to_pydatetime() for m in context.months["month"]], types=("complaint", "report", "help"))
    assert {key for key, cell in wanted.items() if cell["contacts"]} <= {(u, m.to_pydatetime()) for u, m in wide.index}
    for (unit, month), row in wide.iterrows():
        cell = wanted.get((unit, month.to_pydatetime()), {"cases": 0, "contacts": 0, "callers": 0})
        assert {name: row[name] for name in cell} == cell, (unit, month)
        assert row["cases_with_help"] == with_help[unit, month.to_pydatetime()]["cases"]


def test_ten_thousand_tickets(engine):
    assert_complaints(engine, worlds.tickets(np.random.default_rng(7), 10_000), ("2024-01", "2024-12"))


@pytest.mark.needs("spark")
def test_spark_counts_the_same():
    with open_engine("local[2]", memory="1GB") as engine:
        assert assert_participation(engine, worlds.sign_ins(np.random.default_rng(11), 2_000), ("2024-01", "2024-06"))
        assert_space(engine, 11, 500, ("2024-01", "2024-02"))
        assert_complaints(engine, worlds.tickets(np.random.default_rng(11), 2_000), ("2024-01", "2024-06"))


def test_the_reference_counts_a_chain_of_contacts_once():
    start = worlds.day(2024, 1, 1)
    blank = {"type": "complaint", "topic": "noise", "status": None, "is_outside": None, "repeat_of": None, "is_repeat": None, "callers": None, "place": "A"}
    rows = [blank | {"row_id": str(i), "ticket_id": str(i), "caller_key": "c", "received_at": start + timedelta(days=6 * i)} for i in range(60)]
    cells = plain.complaints(rows, worlds.places(), plain.months_between(start, worlds.day(2024, 12)))
    assert sum(cell["cases"] for cell in cells.values()) == 1
    assert sum(cell["contacts"] for cell in cells.values()) == 60
