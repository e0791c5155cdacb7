"""Made-up effects of ten cities, in percentage points; they differ."""

import numpy as np
import pandas as pd

ESTIMATES = [4.2, 1.0, 6.5, 3.1, -1.2, 5.0, 2.2, 7.9, 0.4, 3.3]
ERRORS = [1.1, 0.8, 1.9, 0.6, 1.5, 1.2, 0.9, 2.1, 0.7, 1.0]


def effects(k=10, **columns):
    frame = pd.DataFrame(
        {
            "case_id": [f"city{i}" for i in range(k)], "outcome": "space_use", "definition": "used hours over open hours", "unit": "percentage_points",
            "grade": "E3", "estimate": ESTIMATES[:k], "std_error": ERRORS[:k], "households": np.arange(k) * 100.0 + 700, "old_town": np.arange(k) % 2,
        }
    )
    return frame.assign(**columns)
