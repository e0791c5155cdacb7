"""Scripts for R and Stata that make an estimate again from its exported panel, written out step by step."""

from collections.abc import Mapping, Sequence
from typing import Any

from commresearch.impact.arrays import COUNTS
from commresearch.terms import Inference, Language, Method
from commresearch.words import say

#: Methods that a few lines of another program make again; series and synthetic comparisons are none of them.
SCRIPTED = frozenset({Method.POISSON, Method.SATURATED_POISSON, Method.IMPUTATION, Method.GROUP_TIME, Method.TWO_WAY_FIXED_EFFECTS})
COUNTED = frozenset({Method.POISSON, Method.SATURATED_POISSON})  #: told in percent, estimated as logarithms of ratios

R_HEAD = """x <- read.csv("{file}", fileEncoding = "UTF-8-BOM", colClasses = c(unit_id = "character", assignment_id = "character", treated_from = "character"))
x$treated_from[is.na(x$treated_from)] <- ""
x$treated_from[x$treated_from > max(x$month)] <- ""
x <- x[x$partial_month == 0 & x$blocked == 0 & !is.na(x$value), ]
{drops}x$d <- as.numeric(x$treated_from != "" & x$month >= x$treated_from)
if (all(is.na(x$denominator))) x$denominator <- 1
options(digits = 12)
"""
R_COUNTS = """point <- function(x) {
  compared <- tapply(x$d == 0, x$month, any)                      # months in which somebody was not treated
  x <- x[x$d == 0 | compared[x$month], ]
  x <- x[ave(x$numerator, x$unit_id, FUN = sum) > 0 & ave(1 - x$d, x$unit_id, FUN = max) > 0, ]
  settled <- glm.control(epsilon = 1e-13, maxit = 200)
  if (length(unique(x$treated_from[x$d == 1])) == 1) {            # one start: one coefficient
    fit <- glm(numerator ~ d + factor(unit_id) + factor(month) + offset(log(denominator)), poisson, x, control = settled)
    return(unname(coef(fit)["d"]))
  }
  free <- x[x$d == 0, ]                                           # several starts: what the untreated months foretell
  fit <- glm(numerator ~ factor(unit_id) + factor(month) + offset(log(denominator)), poisson, free, control = settled)
  treated <- x[x$d == 1, ]
  log(sum(treated$numerator) / sum(predict(fit, treated, type = "response")))
}
"""
R_IMPUTATION = """point <- function(x) {
  fit <- lm(value ~ factor(unit_id) + factor(month), x[x$d == 0, ])
  treated <- x[x$d == 1, ]
  mean(treated$value - predict(fit, treated))
}
"""
R_TWO_WAY = """point <- function(x) unname(coef(lm(value ~ d + factor(unit_id) + factor(month), x))["d"])
"""
R_GROUP_TIME = """point <- function(x) {
  months <- sort(unique(x$month))
  first <- tapply(x$treated_from, x$unit_id, `[`, 1)
  y <- tapply(x$value, list(x$unit_id, x$month), mean)[names(first), , drop = FALSE]
  above <- below <- 0
  for (g in setdiff(sort(unique(first)), "")) {
    if (!any(months < g)) next
    base <- max(months[months < g])                               # the last month before the start
    for (t in months[months >= g]) {
      change <- y[, t] - y[, base]
      control <- {control}
      own <- mean(change[first == g], na.rm = TRUE) - mean(change[control], na.rm = TRUE)
      if (is.nan(own)) next
      above <- above + sum(first == g) * own
      below <- below + sum(first == g)
    }
  }
  above / below
}
"""
R_CONTROLS = {"never": 'first == ""', "not_yet": '(first == "" | first > t) & first != g'}
R_JACKKNIFE = """groups <- sort(unique(x$assignment_id))                           # one assignment left out at a time, each side a stratum
without <- sapply(groups, function(g) tryCatch(point(x[x$assignment_id != g, ]), error = function(e) NA))
started <- sapply(groups, function(g) any(x$d[x$assignment_id == g] == 1))
part <- function(v) (length(v) - 1) / length(v) * sum((v - mean(v))^2)
sides <- if (all(started)) list(without) else list(without[started], without[!started])
parts <- sapply(sides, part)
used <- x$d == 1 | x$treated_from == ""                           # what each assignment brings: {what} of these months
brought <- tapply(ifelse(used, {brought}, 0), x$assignment_id, sum)[groups]
freedom <- function(v) {
  w <- if (max(v) > 0 && max(v) < sum(v)) v / sum(v) else rep(1 / length(v), length(v))
  pull <- w / (1 - w)
  moves <- diag(pull) - outer(pull, w)
  square <- tcrossprod(sweep(moves, 2, colMeans(moves)))
  sum(diag(square))^2 / sum(square^2)
}
free <- sapply(if (all(started)) list(brought) else list(brought[started], brought[!started]), freedom)
se <- sqrt(sum(parts))
df <- sum(parts)^2 / sum(parts^2 / free)
half <- qt(1 - (1 - {level}) / 2, df) * se
"""
R_TOLD = {True: "100 * (exp({0}) - 1)", False: "{0}"}
R_FIXEST = {
    Method.POISSON: "fixest::fepois(numerator ~ d | unit_id + month, x, offset = ~log(denominator), cluster = ~assignment_id)",
    Method.TWO_WAY_FIXED_EFFECTS: "fixest::feols(value ~ d | unit_id + month, x, cluster = ~assignment_id)",
}

DO_HEAD = """version 14
use "{file}", clear
quietly summarize month
replace treated_from = . if treated_from > r(max)
keep if partial_month == 0 & blocked == 0 & !missing(value)
{drops}generate byte d = !missing(treated_from) & month >= treated_from
encode unit_id, generate(unit)
encode assignment_id, generate(assignment)
generate long t = mofd(dofc(month))
generate long first = mofd(dofc(treated_from))
replace denominator = 1 if missing(denominator)
"""
DO_POINTS: Mapping[Method, str] = {
    Method.POISSON: """    ppmlhdfe numerator d if {if}, absorb(unit t) exposure(denominator)   // ssc install ppmlhdfe, ftools, reghdfe
    scalar b = _b[d]
""",
    Method.SATURATED_POISSON: """    poisson numerator i.unit i.t if d == 0 & {if}, exposure(denominator)
    capture drop foretold
    predict double foretold if d == 1 & {if}, n
    quietly summarize numerator if d == 1 & {if}
    scalar above = r(sum)
    quietly summarize foretold
    scalar b = ln(above / r(sum))
""",
    Method.IMPUTATION: """    regress value i.unit i.t if d == 0 & {if}
    capture drop foretold
    predict double foretold if d == 1 & {if}, xb
    capture drop effect
    generate double effect = value - foretold
    quietly summarize effect if d == 1 & {if}
    scalar b = r(mean)
""",
    Method.TWO_WAY_FIXED_EFFECTS: """    reghdfe value d if {if}, absorb(unit t) vce(cluster assignment)   // ssc install reghdfe, ftools
    scalar b = _b[d]
""",
    Method.GROUP_TIME: """    capture drop cohort
    generate long cohort = cond(missing(first), 0, first)
    csdid value if {if}, ivar(unit) time(t) gvar(cohort) {control} agg(simple)   // ssc install csdid, drdid
    matrix found = e(b)
    scalar b = found[1, 1]
""",
}
DO_COUNTS = """bysort t: egen byte compared = max(1 - d)
drop if d == 1 & compared == 0
bysort unit: egen double total = total(numerator)
bysort unit: egen byte before = max(1 - d)
drop if total == 0 | before == 0
"""
DO_JACKKNIFE = """* one assignment left out at a time, each side a stratum
generate double without = .
generate byte started = .
generate double carried = .
bysort assignment: egen double brought = total(cond(d == 1 | missing(treated_from), {brought}, 0))   // what each assignment brings
levelsof assignment, local(groups)
local row = 0
foreach g of local groups {{
    local ++row
    quietly {{
{point}    }}
    quietly count if assignment == `g' & d == 1
    replace started = r(N) > 0 in `row'
    replace without = b in `row'
    quietly summarize brought if assignment == `g'
    replace carried = r(mean) in `row'
}}
mata:
real scalar freedom(real colvector v)
{{
    w = max(v) > 0 & max(v) < sum(v) ? v / sum(v) : J(rows(v), 1, 1 / rows(v))
    pull = w :/ (1 :- w)
    moves = diag(pull) - pull * w'
    spread = moves :- mean(moves)
    square = spread * spread'
    return(trace(square)^2 / sum(square:^2))
}}
end
scalar total = 0
scalar weighted = 0
forvalues s = 0/1 {{
    quietly summarize without if started == `s'
    if r(N) == 0 continue
    scalar part = (r(N) - 1)^2 / r(N) * r(Var)
    scalar total = total + part
    mata: st_numscalar("free", freedom(select(st_data(., "carried"), st_data(., "started") :== `s')))
    scalar weighted = weighted + part^2 / free
}}
scalar se = sqrt(total)
scalar df = total^2 / weighted
scalar half = invttail(df, (1 - {level}) / 2) * se
"""
DO_TOLD = {True: "100 * (exp({0}) - 1)", False: "{0}"}


def estimate_scripts(record: Mapping[str, Any], stem: str, language: Language) -> dict[str, str]:
    """`<stem>_estimate.R` and `<stem>_estimate.do` for the record of an outcome; none where its method is not written out.

    Parameters
    ----------
    record
        Of an outcome with an estimate, as `outcome_record` made it.
    stem
        Beginning of the names of the exported panel, `<stem>.csv` and `<stem>.dta`.
    """
    effect = record["estimate"]
    method = Method(effect["method"])
    if method not in SCRIPTED:
        return {}
    return {f"{stem}_estimate.R": _r(effect, method, stem, language), f"{stem}_estimate.do": _do(effect, method, stem, language)}


def _r(effect: Mapping[str, Any], method: Method, stem: str, language: Language) -> str:
    gone = "".join(f'x <- x[x$unit_id != "{unit}", ]\n' for unit in _gone(effect))
    gone += "".join(f'x <- x[!(x$unit_id == "{unit}" & x$month >= "{month}-01"), ]\n' for unit, month in _ended(effect))
    points = {
        Method.IMPUTATION: R_IMPUTATION, Method.TWO_WAY_FIXED_EFFECTS: R_TWO_WAY,
        Method.GROUP_TIME: R_GROUP_TIME.replace("{control}", R_CONTROLS["not_yet" if effect["design"]["control"] == "not_yet" else "never"]),
    }
    told = R_TOLD[method in COUNTED]
    parts = [_heading(effect, "#", language), R_HEAD.replace("{file}", f"{stem}.csv").replace("{drops}", gone), points.get(method, R_COUNTS), "b <- point(x)\n"]
    shown = [f'cat("estimate", {told.format("b")}, "\\n")']
    if effect["inference"] == Inference.CR3:
        brought = "x$numerator" if _is_counted(effect, method) else "1"
        what = "cases" if _is_counted(effect, method) else "number"
        parts.append(R_JACKKNIFE.replace("{level}", repr(effect["conf_level"])).replace("{brought}", brought).replace("{what}", what))
        error = "100 * exp(b) * se" if method in COUNTED else "se"
        shown += [f'cat("std_error", {error}, "\\n")', f'cat("conf_low", {told.format("b - half")}, "\\n")', f'cat("conf_high", {told.format("b + half")}, "\\n")']
    if method in R_FIXEST:
        shown.append(f'if (requireNamespace("fixest", quietly = TRUE)) print({R_FIXEST[method]})')
    return "\n".join(["".join(parts).rstrip("\n"), *shown]) + "\n"


def _do(effect: Mapping[str, Any], method: Method, stem: str, language: Language) -> str:
    gone = "".join(f'drop if unit_id == "{unit}"\n' for unit in _gone(effect))
    gone += "".join(f'drop if unit_id == "{unit}" & mofd(dofc(month)) >= tm({month[:4]}m{int(month[5:])})\n' for unit, month in _ended(effect))
    point = DO_POINTS[method].replace("{control}", "notyet" if effect["design"]["control"] == "not_yet" else "")
    told = DO_TOLD[method in COUNTED]
    parts = [_heading(effect, "*", language), DO_HEAD.replace("{file}", f"{stem}.dta").replace("{drops}", gone)]
    parts += [DO_COUNTS] if method in COUNTED else []
    whole = "".join(line.removeprefix("    ") + "\n" for line in point.replace("{if}", "1").splitlines())
    shown = []
    if effect["inference"] == Inference.CR3:
        each = "".join(f"    {line}\n" for line in point.replace("{if}", "assignment != `g'").splitlines())
        brought = "numerator" if _is_counted(effect, method) else "1"
        parts.append(DO_JACKKNIFE.format(point=each, level=repr(effect["conf_level"]), brought=brought))
        error = "100 * exp(b) * se" if method in COUNTED else "se"
        shown = [f'display "std_error " %18.12g {error}', f'display "conf_low " %18.12g {told.format("b - half")}', f'display "conf_high " %18.12g {told.format("b + half")}']
    shown.insert(0, f'display "estimate " %18.12g {told.format("b")}')
    return "".join([*parts, whole]) + "\n".join(shown) + "\n"


def _is_counted(effect: Mapping[str, Any], method: Method) -> bool:
    """Whether assignments enter by their cases."""
    return method in COUNTED or effect["unit"] in COUNTS


def _heading(effect: Mapping[str, Any], mark: str, language: Language) -> str:
    """What the script makes again, the numbers it should give, and what it does not make."""
    values = {
        "outcome": say(f"panel.outcome_{effect['outcome']}", language), "case": effect["case_id"], "method": say(f"effects.method_{effect['method']}", language),
        "estimate": _digits(effect["estimate"]), "std_error": _digits(effect["std_error"]), "low": _digits(effect["conf_low"]), "high": _digits(effect["conf_high"]),
        "unit": effect["unit"],
    }
    lines = [say("export.script_what", language, **values), say("export.script_numbers", language, **values)]
    if effect["inference"] != Inference.CR3:
        lines.append(say("export.script_estimate_only", language, inference=say(f"impact.inference_{effect['inference']}", language)))
    return "".join(f"{mark} {line}\n" for line in lines)


def _digits(value: float | None) -> str:
    return "—" if value is None else f"{value:.10g}"


def _gone(effect: Mapping[str, Any]) -> Sequence[str]:
    return sorted({one["unit_id"] for one in effect["dropped"] if one["whole"]})


def _ended(effect: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Units whose pilot ended, with the first month that is not used."""
    return [(unit, f"{number // 12:04d}-{number % 12 + 1:02d}") for unit, number in sorted(effect["design"]["ended"].items())]


