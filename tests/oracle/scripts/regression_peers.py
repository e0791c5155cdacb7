"""Reference numbers of two-way regressions and wild bootstraps, from Python packages that the project does not install.

Run in the folder of this file: python regression_peers.py. Made with pyfixest 0.60.0 and wildboottest 0.3.2 on ../data/regression_panel.csv
(regression_reference.R). Writes ../data/regression_peers.csv: case, quantity, value with 16 digits.
"""

import csv
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf
from wildboottest.wildboottest import WildboottestCL

warnings.simplefilter("ignore")
panel = pd.read_csv("../data/regression_panel.csv")
gaps = panel[panel["kept"] == 1].reset_index(drop=True)
rows = []


def note(case, **values):
    rows.extend((case, quantity, format(value, ".16g")) for quantity, value in values.items())


def robust(case, frame, cluster, weights=None):
    fit = pf.feols("y ~ d | unit + month", frame, vcov={"CRV1": cluster}, weights=weights)
    low, high = fit.confint().iloc[0]
    note(case, estimate=fit.coef().iloc[0], cr1_se=fit.se().iloc[0], p_value=fit.pvalue().iloc[0], low=low, high=high)


robust("balanced", panel, "cluster")
robust("gaps", gaps, "cluster")
robust("weighted", gaps, "cluster", "w")
robust("by_unit", panel, "unit")


# Without small-sample factors: theirs count the effects of units.
def wild(case, frame, cluster, *, impose_null, kind="rademacher", outcome="x"):
    dummies = [pd.get_dummies(frame[c]).to_numpy(dtype=float)[:, drop:] for c, drop in (("unit", 0), ("month", 1))]
    x = np.column_stack([frame["d"], *dummies])
    r = np.zeros(x.shape[1])
    r[0] = 1
    boot = WildboottestCL(X=x, Y=frame[outcome].to_numpy(), cluster=frame[cluster], R=r, B=99_999, seed=7)
    boot.get_scores(bootstrap_type="11", impose_null=impose_null, adj=False, cluster_adj=False)
    boot.get_weights(weights_type=kind)
    boot.get_numer()
    boot.get_denom()
    boot.get_tboot()
    boot.get_vcov()
    boot.get_tstat()
    boot.get_pvalue(pval_type="two-tailed")
    note(case, t=float(np.ravel(boot.t_stat)[0]), p_value=float(boot.pvalue), draws=float(len(np.ravel(boot.t_boot))))


wild("wild_by_unit", panel, "unit", impose_null=True)
wild("wild_by_unit_webb", panel, "unit", impose_null=True, kind="webb")
wild("wild_by_unit_free", panel, "unit", impose_null=False)
wild("wild_gaps", gaps, "cluster", impose_null=True)
wild("wild_gaps_y", gaps, "cluster", impose_null=True, outcome="y")
wild("wild_gaps_webb", gaps, "cluster", impose_null=True, kind="webb")
with Path("../data/regression_peers.csv").open("w", newline="", encoding="utf8") as file:
    csv.writer(file).writerows([("case", "quantity", "value"), *rows])
