"""Youth participation: distinct residents of the age band who attended, by unit and month, with what must stand beside the number.

A person is judged by all of his or her rows of a period: in the band if ever in it, outside if ever clearly outside and never in it, else unclear; a
resident if ever one. Events count for the unit where they took place. Rows without persons are person-times only. Quarters and years are
counted anew from persons, because distinct persons never add up.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.context import Cells, Context
from commresearch.outcomes.denominators import denominators
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.outcomes.measures import Measure, in_order, long_measures, unplaced
from commresearch.outcomes.placing import months_astray, with_carried
from commresearch.terms import DataKind, Unit

#: Other bands, which stand beside the headline: 35 left out, the statistics bureau's, adults only.
OTHER_BANDS = {"under_35": (14, 34), "15_34": (15, 34), "18_35": (18, 35)}
HISTORY_MONTHS = 12  #: who did not come in these months before a period is new in it
YOUTH = "youth_population"  #: column of the roster
PERIODS = {"month": 1, "quarter": 3, "year": 12}
RULES = (
    "outside_months", "unplaced", "role_staff", "role_operator", "role_enrolled", "role_serves", "head_count", "folded_sign_in", "counted",
)
_POINTS = Unit.PERCENTAGE_POINTS

#: Measures that need the ages and homes of nearly all: they are withheld with the headline.
JUDGED = (
    Measure(name="persons", numerator="persons", unit=Unit.PERSONS),
    *(Measure(name=f"persons_{name}", numerator=f"persons_{k}", unit=Unit.PERSONS) for k, name in enumerate(OTHER_BANDS, start=1)),
    Measure(name="person_times_in_band", numerator="person_times_in_band", unit=Unit.PERSON_TIMES),
    Measure(name="new_persons", numerator="new_persons", unit=Unit.PERSONS),
    Measure(name="returning_persons", numerator="returning_persons", unit=Unit.PERSONS),
    Measure(name="repeat_rate", numerator="repeating", denominator="persons", unit=_POINTS),
    Measure(name="share_of_most_active_tenth", numerator="times_of_top_tenth", denominator="person_times_in_band", unit=_POINTS),
    Measure(name="serving", numerator="serving", unit=Unit.PERSONS),
)
ALWAYS = (
    Measure(name="persons_lower", numerator="persons_lower", unit=Unit.PERSONS),
    Measure(name="persons_upper", numerator="persons_upper", unit=Unit.PERSONS),
    Measure(name="age_unclear_share", numerator="age_unclear", denominator="may_be_residents", unit=_POINTS),
    Measure(name="residence_unknown_share", numerator="residence_unknown", denominator="may_be_residents", unit=_POINTS),
    Measure(name="children", numerator="children", unit=Unit.PERSONS),
    Measure(name="non_residents", numerator="visitors", unit=Unit.PERSONS),
    Measure(name="residence_unknown", numerator="residence_unknown_in_band", unit=Unit.PERSONS),
    Measure(name="person_times", numerator="all_times", unit=Unit.PERSON_TIMES),
    *(Measure(name=f"tier_{tier}_share", numerator=f"tier_{tier}", denominator="all_times", unit=_POINTS) for tier in ("id", "phone", "name_birth", "none")),
)

BOUNDS = (
    Measure(name="rate_lower", numerator="persons_lower", denominator="residents_in_band", unit=_POINTS),
    Measure(name="rate_upper", numerator="persons_upper", denominator="residents_in_band", unit=_POINTS),
)
RATE = Measure(name="rate", numerator="persons", denominator="residents_in_band", unit=_POINTS)  #: of a month it is the headline itself
MEASURES: Mapping[str, tuple[Measure, ...]] = {
    "month": (*JUDGED, *ALWAYS, *BOUNDS), "quarter": (RATE, *JUDGED, *ALWAYS, *BOUNDS), "year": (RATE, *JUDGED, *ALWAYS, *BOUNDS),
}
ENDINGS = {"month": "", "quarter": "_quarter", "year": "_year"}


def period_table(months: pd.DataFrame, history_months: int = HISTORY_MONTHS) -> pd.DataFrame:
    """The months, and the quarters and years that lie wholly within them.

    Parameters
    ----------
    months : DataFrame
        month and next_month of the panel.
    history_months : int
        How far before the first month of a period one looks for those who came before.

    Returns
    -------
    DataFrame
        month, period ("month", "quarter", "year"), first_month of the period, history_from: one row per month and kind of period.
    """
    month = months["month"].dt.to_period("M")
    parts = []
    for period, length in PERIODS.items():
        first = (month.dt.year - 1970) * 12 + month.dt.month - 1
        first = first - first % length
        frame = pd.DataFrame({"month": months["month"], "period": period, "first": first})
        whole = frame.groupby("first")["month"].transform("size") == length
        parts.append(frame[whole])
    table = pd.concat(parts, ignore_index=True)
    starts = table.pop("first").to_numpy()
    table["first_month"] = starts.astype("datetime64[M]").astype("datetime64[us]")
    table["history_from"] = (starts - history_months).astype("datetime64[M]").astype("datetime64[us]")
    return table


def count_participation(
    engine: Engine, months: pd.DataFrame, *, band: tuple[int, int], other_bands: Sequence[tuple[int, int]] = tuple(OTHER_BANDS.values()),
    history_months: int = HISTORY_MONTHS,
) -> pd.DataFrame:
    """Counts of persons and person-times of every unit and period in which there was a sign-in.

    Parameters
    ----------
    engine : Engine
        With the tables `signins` and `places`.
    months : DataFrame
        month and next_month of the panel.
    band, other_bands : pairs of int
        First and last age in completed years, both included; three other bands.

    Returns
    -------
    DataFrame
        unit_id, period, first_month and the columns of participation_cells.sql; unnamed_times, nameless (rows of one person without a key), tier_none,
        all_times; new_persons and
        returning_persons, missing where the sign-ins of the unit begin too late to tell.
    """
    periods = period_table(months, history_months)
    engine.table("periods", periods)
    until = months["next_month"].iloc[-1].to_pydatetime()
    ages = {f"{end}_{k}": age for k, ages in enumerate((band, *other_bands)) for end, age in zip(("low", "high"), ages, strict=True)}
    buckets = engine.buckets_for(engine.count("signins"))
    history_from = periods["history_from"].min().to_pydatetime()
    rows = sql_text("participation_rows", history_from=history_from, until=until, buckets=buckets, **ages)
    monthly = sql_text("participation_months", buckets=buckets)
    if buckets == 1:  # what fits into memory need not be written between
        engine.view("participation_rows", rows)
        engine.view("participation_months", monthly)
        engine.stage("participation_counts", sql_text("participation_cells"))
    else:
        engine.stage("participation_rows", rows, splits=buckets)
        engine.stage("participation_months", monthly, over="participation_rows", splits=buckets)
        engine.stage("participation_counts", sql_text("participation_cells"), over="participation_months")
    counts = engine.query("SELECT * FROM participation_counts").to_pandas()
    unnamed = engine.query(sql_text("participation_unnamed", low_0=band[0], high_0=band[1])).to_pandas()
    return _completed(counts, unnamed, engine.query(sql_text("participation_begin")).to_pandas(), history_months)


def _completed(counts: pd.DataFrame, unnamed: pd.DataFrame, begins: pd.DataFrame, history_months: int) -> pd.DataFrame:
    key = ["unit_id", "period", "first_month"]
    both = counts.set_index(key).join(unnamed.set_index(key), how="outer").reset_index()  # `merge` cannot join two tables without a row
    both = both.merge(begins, on="unit_id", how="left")
    numbers = [c for c in both.columns if c not in {*key, "begins"}]
    both[numbers] = both[numbers].astype("float64").fillna(0.0)
    first = both["first_month"].dt.to_period("M")
    is_known = (both["begins"].dt.to_period("M") <= first - history_months).to_numpy(dtype=bool, na_value=False)
    both["all_times"] = both["person_times"] + both["unnamed_times"]
    both["tier_none"] = both["all_times"] - both[["tier_id", "tier_phone", "tier_name_birth"]].sum(axis=1)
    both["new_persons"] = both["new_persons"].where(is_known)
    both["returning_persons"] = both["persons"] - both["new_persons"]
    both["persons_lower"] = both["persons"]
    both["persons_upper"] += both["nameless"]  # each may be somebody else
    return both.sort_values(key, kind="stable", ignore_index=True).drop(columns="begins")


def is_withheld(counts: pd.DataFrame, unknown_limit: int) -> "pd.Series[bool]":
    """Where of more than so many percent of the persons the age, the home, or who they are is not known: bounds stand in the place of a headline."""
    known = counts["may_be_residents"].to_numpy(dtype=np.float64)
    unclear = counts[["age_unclear", "residence_unknown"]].max(axis=1).to_numpy(dtype=np.float64)
    nameless, named = (counts[name].to_numpy(dtype=np.float64) for name in ("nameless", "person_times"))
    return pd.Series((100 * unclear > unknown_limit * known) | (100 * nameless > unknown_limit * (named + nameless)), index=counts.index)


def cells(engine: Engine, context: Context) -> Cells:
    """Distinct residents of the band who attended, and what stands beside them.

    Parameters
    ----------
    engine : Engine
        With the tables of the context.
    context : Context
        Sign-ins, months, places, the register and the definition.

    Returns
    -------
    Cells
        `numerator` is the number of persons; `withheld` says where ages or homes of more than `unknown_limit` percent of the persons are not known: there
        rate_lower (they are all outside) and rate_upper (all inside) stand in its place. Measures of quarters and years end in _quarter and _year and
        stand at the first month of their period. The account names the rows of the months that each rule set aside.

    Raises
    ------
    OutcomeError
        The first age of the band lies above the last (CR-O61).
    """
    definition = context.definition
    band = (definition["age_low"], definition["age_high"])
    if band[0] > band[1]:
        raise OutcomeError(Failure(code="CR-O61", values={"low": band[0], "high": band[1]}))
    counts = count_participation(engine, context.months, band=band)
    monthly = counts[counts["period"] == "month"]
    bounds = {"start": context.start, "until": context.end}
    withheld = is_withheld(monthly, definition["unknown_limit"])
    named = monthly.assign(month=monthly["first_month"], numerator=monthly["persons"].where(~withheld), denominator=np.nan, withheld=withheld)
    return Cells(
        cells=named.assign(events=named["person_times"])[["unit_id", "month", "numerator", "denominator", "withheld", "events"]].reset_index(drop=True),
        companions=_companions(counts, context, definition["unknown_limit"]),
        account=with_carried(
            _account(engine.query(sql_text("participation_account", **bounds)).to_pandas(), int(monthly["person_times"].sum())), engine, context, DataKind.SIGNINS
        ),
        astray=months_astray(engine.query(sql_text("participation_astray", **bounds)).to_pandas()),
        unplaced=unplaced(engine.query(sql_text("participation_unplaced", **bounds)).to_pandas()),
    )


def _account(judged: pd.DataFrame, visits: int) -> pd.DataFrame:
    """Rows by rule; of the named rows of persons who attended, all but one per person, event and day are folded."""
    found = dict(zip(judged["rule"], judged["events"].astype(int), strict=True))
    found["folded_sign_in"] = found.get("counted", 0) - visits
    found["counted"] = visits
    return in_order(pd.DataFrame({"rule": list(found), "events": list(found.values())}), RULES)


def _companions(counts: pd.DataFrame, context: Context, unknown_limit: int) -> pd.DataFrame:
    """All measures of months, quarters and years of every unit, zero where it had no sign-in."""
    periods = period_table(context.months)
    readings = denominators(context.register, context.months, YOUTH, how=context.definition["denominator"], baseline=context.definition["baseline"])
    existed = context.register.unit_months(context.months)[["unit_id", "month"]]
    by_period = existed.merge(readings, on=["unit_id", "month"]).merge(periods, on="month")
    grid = by_period.groupby(["unit_id", "period", "first_month"])["value"].mean().rename("residents_in_band").reset_index()
    wide = grid.merge(counts, on=["unit_id", "period", "first_month"], how="left").rename(columns={"first_month": "month"})
    is_empty = wide["persons"].isna()
    numbers = [c for c in wide.columns if c not in {"unit_id", "period", "month", "residents_in_band"}]
    wide[numbers] = wide[numbers].where(~is_empty, 0.0)
    wide.loc[is_withheld(wide, unknown_limit), [m.numerator for m in JUDGED]] = np.nan
    parts = [long_measures(wide[wide["period"] == period], measures, suffix=ENDINGS[period]) for period, measures in MEASURES.items()]
    return pd.concat(parts, ignore_index=True)
