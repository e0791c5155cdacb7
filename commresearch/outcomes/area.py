"""Area in use: square metres in service over square metres on the register, on the last day of each month."""

import pandas as pd

from commresearch.outcomes.context import Cells, Context
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.outcomes.measures import Measure, long_measures
from commresearch.outcomes.space import KEY, complete_tables, day_table, room_doubts, rooms_without_unit
from commresearch.terms import Unit

TENANCY = "tenancy"
MEASURES = (
    Measure(name="area_in_use_with_tenancies", numerator="open_in_service", denominator="open_registered", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="tenancy_share_of_area", numerator="let_registered", denominator="open_registered", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="rooms_without_area", numerator="rooms_without_area", unit=Unit.COUNT),
)


def cells(engine: Engine, context: Context) -> Cells:
    """Square metres in service and on the register.

    Parameters
    ----------
    engine : Engine
        With the tables of the context.
    context : Context
        Rooms, months, places and the definition.

    Returns
    -------
    Cells
        `numerator` and `denominator` in m², of the classes of the definition; full-time tenancies are added beside. Rooms without a size are in neither
        and counted. The account names rooms of the register by the class that sets them aside, and those whose unit is not in the roster.

    Raises
    ------
    OutcomeError
        There are no rooms (CR-O10), or a room is registered twice at one time (CR-O63).
    """
    complete_tables(engine, context)
    engine.table("days", day_table(context.months))
    engine.stage("space_rooms", sql_text("space_rooms", baseline=context.start.date()))
    sums = engine.query(sql_text("space_area")).to_pandas()
    sums = sums.fillna({"registered": 0.0, "in_service": 0.0})
    classes = list(context.definition["room_classes"])
    counted = sums["room_class"].isin(classes)
    numbers = ["registered", "in_service", "rooms_without_area"]
    parts = {"": counted, "open_": counted | (sums["room_class"] == TENANCY), "let_": sums["room_class"] == TENANCY}
    tables = [sums[rows].groupby(KEY)[numbers].sum().add_prefix(prefix) for prefix, rows in parts.items()]
    wide = pd.concat(tables, axis=1).astype("float64").fillna(0.0).sort_index().reset_index()
    homeless = rooms_without_unit(engine, context)
    return Cells(
        cells=wide[KEY].assign(numerator=wide["in_service"], denominator=wide["registered"]), companions=long_measures(wide, MEASURES),
        account=_account(engine, classes, len(homeless["place"].unique())), problems=room_doubts(engine, homeless),
    )


def _account(engine: Engine, classes: list[str], homeless: int) -> pd.DataFrame:
    """Rooms by what became of them: of no unit of the roster, of a class that is not counted, or counted."""
    found = engine.query("SELECT DISTINCT room, room_class FROM space_rooms").to_pandas()
    by_class = found.groupby("room_class")["room"].nunique()
    rows = [("room_without_unit", homeless)] if homeless else []
    rows += [(f"room_{name}", int(n)) for name, n in by_class.items() if name not in classes]
    return pd.DataFrame([*rows, ("counted", int(by_class.reindex(classes).sum()))], columns=["rule", "events"])
