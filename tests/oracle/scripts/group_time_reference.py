"""Reference numbers of group-time effects on mpdta.csv: by two peers, and by a plain program that follows the printed formulas unit by unit.

Run from the root of the project in an environment with moderndid 0.4.1, csdid 0.4.3, diff-diff 3.13.0, statsmodels (Python 3.12):

    OPENBLAS_NUM_THREADS=1 python tests/oracle/scripts/group_time_reference.py

It writes tests/oracle/data/group_time_reference.csv (case, source, kind, group, label, estimate, std_error) and group_time_windows.csv (dynamic paths of
some cohorts or event times, by moderndid), and prints how far the peers are apart.
The plain program fits the logit by maximum likelihood to the last digit, which not all peers do; it shares no code with the package.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

DATA = Path(__file__).parents[1] / "data"
CASES = {
    "never_varying": {}, "never_universal": {"base": "universal"}, "not_yet_varying": {"control": "not_yet"},
    "not_yet_universal": {"control": "not_yet", "base": "universal"}, "anticipation": {"anticipation": 1}, "weights": {"weight": "pop"},
    "dr": {"estimator": "dr"}, "or": {"estimator": "or"}, "ipw": {"estimator": "ipw"}, "dr_not_yet": {"estimator": "dr", "control": "not_yet"},
    "dr_weights": {"estimator": "dr", "weight": "pop"},
}
KINDS = ("simple", "dynamic", "group", "calendar")


def main():
    frame = pd.read_csv(DATA / "mpdta.csv")
    frame["pop"] = np.exp(frame["lpop"])
    made = []
    for name, case in CASES.items():
        for source in (plain, moderndid, csdid):
            made += [dict(zip(("case", "source", "kind", "group", "label", "estimate", "std_error"), (name, source.__name__, *row), strict=True)) for row in source(frame, **case)]
    table = pd.DataFrame(made)
    wide = table.pivot_table(index=["case", "kind", "group", "label"], columns="source", values=["estimate", "std_error"], dropna=False)
    for value in ("estimate", "std_error"):
        for peer in ("moderndid", "csdid"):
            apart = (wide[value][peer] - wide[value]["plain"]).abs().groupby("case").max()
            sys.stdout.write(f"{value}, largest difference of {peer} to plain\n{apart.to_string()}\n")
    made = [("clusters", "moderndid", *row) for row in moderndid(frame.assign(state=frame["countyreal"] // 1000), clusters="state")]
    table = pd.concat([table, pd.DataFrame(made, columns=table.columns)])
    table.to_csv(DATA / "group_time_reference.csv", index=False, float_format="%.15g")
    windows(frame).to_csv(DATA / "group_time_windows.csv", index=False, float_format="%.15g")
    diff_diff_dr(frame, table)


def plain(frame, *, control="never", base="varying", estimator="none", anticipation=0, weight=None):
    """Cell after cell by the printed formulas."""
    y = frame.pivot(index="countyreal", columns="year", values="lemp")
    units = frame.drop_duplicates("countyreal").set_index("countyreal").loc[y.index]
    g, x = units["first_treat"].to_numpy(), units["lpop"].to_numpy()
    w = np.ones(len(y)) if weight is None else units[weight].to_numpy()
    years, y, n = list(y.columns), y.to_numpy(), len(y)
    w = w / w.mean()
    cells, influence = [], []
    for cohort in (2004, 2006, 2007):
        before = [t for t in years if t + anticipation < cohort]
        if not before:
            continue
        for place, year in enumerate(years):
            if base == "varying" and place == 0:
                continue
            b = before[-1] if base == "universal" or year >= cohort else years[place - 1]
            controls = g == 0
            if control == "not_yet":
                controls = controls | ((g > max(year, b) + anticipation) & (g != cohort))
            inside = (g == cohort) | controls
            change = y[:, place] - y[:, years.index(b)]
            estimate, effect = difference(change[inside], (g == cohort)[inside].astype(float), x[inside], w[inside], estimator)
            whole = np.zeros(n)
            whole[inside] = effect * n / inside.sum()
            cells.append((cohort, year, 0.0 if year == b else estimate))
            influence.append(whole if year != b else 0 * whole)
    rows = [("cell", cohort, year, estimate, error(f)) for (cohort, year, estimate), f in zip(cells, influence, strict=True)]
    for kind in KINDS:
        rows += aggregates(kind, cells, influence, g, w)
    return rows


def error(influence):
    made = np.sqrt(np.mean(influence**2) / len(influence))
    return made if made > 1e-12 else np.nan


def difference(change, d, x, w, estimator):
    """ATT and influence on one pair of periods."""
    w = w / w.mean()
    n = len(d)
    one = np.column_stack([np.ones(n), x])
    m, regression = np.zeros(n), np.zeros((n, 2))
    if estimator in ("dr", "or"):
        fit = sm.WLS(change[d == 0], one[d == 0], weights=w[d == 0]).fit()
        m = one @ fit.params
        regression = ((w * (1 - d) * (change - m))[:, None] * one) @ np.linalg.inv((one * (w * (1 - d))[:, None]).T @ one / n)
    treat = w * d
    if estimator == "none":
        other = w * (1 - d)
    elif estimator == "or":
        effect = (treat * (change - m)).mean() / treat.mean()
        influence = (treat * (change - m - effect) - regression @ (treat[:, None] * one).mean(axis=0)) / treat.mean()
        return effect, influence
    else:
        beta = likelihood(one, d, w)
        p = 1 / (1 + np.exp(-one @ beta))
        other = w * p * (1 - d) / (1 - p)
    first = (treat * (change - m)).mean() / treat.mean()
    second = (other * (change - m)).mean() / other.mean()
    left = (treat * (change - m - first) - regression @ (treat[:, None] * one).mean(axis=0)) / treat.mean()
    right = other * (change - m - second)
    if estimator != "none":
        scores = ((w * (d - p))[:, None] * one) @ np.linalg.inv((one * (w * p * (1 - p))[:, None]).T @ one / n)
        right = right + scores @ ((other * (change - m - second))[:, None] * one).mean(axis=0)
        right = right - regression @ (other[:, None] * one).mean(axis=0)
    return first - second, left - right / other.mean()


def likelihood(x, d, w):
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        beta = beta + np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x, x.T @ (w * (d - p)))
    assert np.abs(x.T @ (w * (d - 1 / (1 + np.exp(-x @ beta))))).max() < 1e-10 * len(x)
    return beta


def aggregates(kind, cells, influence, g, w):
    """Aggregates with the influence of estimated shares, unit after unit."""
    n, share = len(g), {c: np.mean(w * (g == c)) for c, _, _ in cells}

    def combined(places):
        total = sum(share[cells[k][0]] for k in places)
        value = sum(share[cells[k][0]] * cells[k][2] for k in places) / total
        made = np.zeros(n)
        for i in range(n):
            for k in places:
                c, _, estimate = cells[k]
                drawn = w[i] * (g[i] == c) - share[c]
                made[i] += share[c] / total * influence[k][i] + estimate * drawn / total
                made[i] -= estimate * share[c] / total**2 * sum(w[i] * (g[i] == cells[j][0]) - share[cells[j][0]] for j in places)
        return value, made

    after = [k for k, (c, t, _) in enumerate(cells) if t >= c]
    if kind == "simple":
        value, made = combined(after)
        return [("simple", 0, 0, value, error(made))]
    if kind == "group":
        labels = sorted({c for c, _, _ in cells})
        paths = {}
        for c in labels:
            mine = [k for k in after if cells[k][0] == c]
            paths[c] = (np.mean([cells[k][2] for k in mine]), np.mean([influence[k] for k in mine], axis=0))
        total = sum(share[c] for c in labels)
        value = sum(share[c] * paths[c][0] for c in labels) / total
        made = sum(share[c] * paths[c][1] for c in labels) / total
        for c in labels:
            drawn = w * (g == c) - share[c]
            made = made + paths[c][0] * drawn / total
            made = made - paths[c][0] * share[c] / total**2 * sum(w * (g == o) - share[o] for o in labels)
        over = value, made
    else:
        of = (lambda k: cells[k][1] - cells[k][0]) if kind == "dynamic" else (lambda k: cells[k][1])
        chosen = range(len(cells)) if kind == "dynamic" else after
        labels = sorted({of(k) for k in chosen})
        paths = {e: combined([k for k in chosen if of(k) == e]) for e in labels}
        mean = [e for e in labels if e >= 0 or kind == "calendar"]
        over = np.mean([paths[e][0] for e in mean]), np.mean([paths[e][1] for e in mean], axis=0)
    rows = [(kind, 0, e, paths[e][0], error(paths[e][1])) for e in labels]
    return [*rows, (f"{kind}_overall", 0, 0, over[0], error(over[1]))]


def moderndid(frame, *, control="never", base="varying", estimator="none", anticipation=0, weight=None, clusters=None):
    import moderndid as peer

    made = peer.att_gt(
        data=frame, yname="lemp", tname="year", idname="countyreal", gname="first_treat", xformla="~ 1" if estimator == "none" else "~ lpop",
        est_method={"or": "reg", "none": "dr"}.get(estimator, estimator), control_group={"never": "nevertreated", "not_yet": "notyettreated"}[control],
        anticipation=anticipation, base_period=base, weightsname=weight, boot=False, cband=False, clustervars=clusters and [clusters],
    )
    rows = [("cell", int(a), int(b), float(c), float(e)) for a, b, c, e in zip(made.groups, made.times, made.att_gt, made.se_gt, strict=True)]
    for kind in KINDS:
        one = peer.aggte(made, type=kind, boot=False, cband=False, clustervars=clusters and [clusters])
        if kind == "simple":
            rows.append(("simple", 0, 0, float(one.overall_att), float(one.overall_se)))
            continue
        rows += [(kind, 0, int(e), float(v), float(s)) for e, v, s in zip(one.event_times, one.att_by_event, one.se_by_event, strict=True)]
        rows.append((f"{kind}_overall", 0, 0, float(one.overall_att), float(one.overall_se)))
    return rows


def csdid(frame, *, control="never", base="varying", estimator="none", anticipation=0, weight=None):
    from csdid.att_gt import ATTgt

    arguments = {
        "yname": "lemp", "tname": "year", "idname": "countyreal", "gname": "first_treat", "data": frame,
        "control_group": [{"never": "nevertreated", "not_yet": "notyettreated"}[control]], "anticipation": anticipation, "weights_name": weight,
        "xformla": None if estimator == "none" else "lemp ~ lpop",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = ATTgt(**arguments).fit(est_method={"or": "reg", "none": "dr"}.get(estimator, estimator), base_period=base, bstrap=False)
        found = made.results
        rows = [("cell", int(a), int(b), float(c), float(e)) for a, b, c, e in zip(found["group"], found["year"], found["att"], found["se"], strict=True)]
        for kind in KINDS:
            one = made.aggte(typec=kind, bstrap=False, cband=False).atte
            if kind == "simple":
                rows.append(("simple", 0, 0, float(one["overall_att"]), float(np.ravel(one["overall_se"])[0])))
                continue
            errors = np.ravel(np.array(one["se_egt"], dtype=float))
            rows += [(kind, 0, int(e), float(v), float(s)) for e, v, s in zip(one["egt"], one["att_egt"], errors, strict=True)]
            rows.append((f"{kind}_overall", 0, 0, float(one["overall_att"]), float(np.ravel(one["overall_se"])[0])))
    return rows


def windows(frame):
    """Dynamic paths with balanced cohorts and with ends, universal base."""
    import moderndid as peer

    made = peer.att_gt(
        data=frame, yname="lemp", tname="year", idname="countyreal", gname="first_treat", control_group="notyettreated", base_period="universal",
        boot=False, cband=False,
    )
    rows = []
    for balance, low, high in ((0, None, None), (1, None, None), (None, -2, 1), (1, -1, None)):
        one = peer.aggte(
            made, type="dynamic", balance_e=balance, min_e=-np.inf if low is None else low, max_e=np.inf if high is None else high, boot=False, cband=False
        )
        rows.append((balance, low, high, "overall", float(one.overall_att), float(one.overall_se)))
        rows += [(balance, low, high, int(e), float(v), float(s)) for e, v, s in zip(one.event_times, one.att_by_event, one.se_by_event, strict=True)]
    return pd.DataFrame(rows, columns=["balance_event", "min_event", "max_event", "label", "estimate", "std_error"])


def diff_diff_dr(frame, table):
    """How far the doubly robust effects of diff-diff are from exact maximum likelihood."""
    from diff_diff import CallawaySantAnna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = CallawaySantAnna(estimation_method="dr").fit(
            frame, outcome="lemp", unit="countyreal", time="year", first_treat="first_treat", covariates=["lpop"]
        )
    exact = table[(table["case"] == "dr") & (table["source"] == "plain") & (table["kind"] == "cell")].set_index(["group", "label"])["estimate"]
    apart = max(abs(made.group_time_effects[key]["effect"] - value) for key, value in exact.items() if key in made.group_time_effects)
    sys.stdout.write(f"diff-diff, doubly robust: largest difference to plain {apart:.1e}\n")


if __name__ == "__main__":
    main()
