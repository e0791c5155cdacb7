"""How much of the Spring Festival lies in a month: it moves between January and February, which harmonics of the year cannot follow."""

from datetime import date, timedelta

import numpy as np

#: First day of the first lunar month by year. Facts of the calendar (GB/T 33661-2017; the tables of the Hong Kong Observatory give the same days).
NEW_YEAR = (
    date(2015, 2, 19), date(2016, 2, 8), date(2017, 1, 28), date(2018, 2, 16), date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1),
    date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13), date(2030, 2, 3),
    date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8),
)
#: Days before New Year's Day and from it on that count: from the week of travelling home to the Lantern Festival.
BEFORE, FROM = 7, 15
FIRST_YEAR, LAST_YEAR = NEW_YEAR[0].year, NEW_YEAR[-1].year


def festival_shares(months: np.ndarray) -> np.ndarray:
    """Share of the 22 days around the lunar new year that lies in each month.

    Parameters
    ----------
    months : int array (n,)
        Counted from year 0: 12 × year + month − 1; years FIRST_YEAR to LAST_YEAR.

    Returns
    -------
    float array (n,)
        Within 0 and 1; the months of one year add up to 1.
    """
    days: dict[int, int] = {}
    for new_year in NEW_YEAR:
        for n in range(-BEFORE, FROM):
            day = new_year + timedelta(days=n)
            month = 12 * day.year + day.month - 1
            days[month] = days.get(month, 0) + 1
    return np.array([days.get(int(m), 0) / (BEFORE + FROM) for m in months])
