# Reference numbers for the survey estimates, made with R 4.2.2 and survey 4.1.1 (Debian r-base-core, r-cran-survey).
# Run in this folder: Rscript estimates_reference.R
# Writes ../data/estimates_reference.csv (one number a line), ../data/apiclus2.csv (the columns used) and ../data/clustered_sample.csv
# (made up here: four strata, cluster ids that start anew in each, missing values, a rare answer).
suppressMessages(library(survey))
options(survey.lonely.psu = "fail", digits = 15)
data(api)

out <- NULL
put <- function(design, quantity, group, measure, value) # a beta interval of a share that raking fixes is not a number here
  if (is.finite(value)) out <<- rbind(out, data.frame(design, quantity, group = as.character(group), measure, value = as.numeric(value)))

write.csv(apiclus2[, c("dnum", "snum", "stype", "api00", "api99", "enroll", "pw", "fpc1", "fpc2")], "../data/apiclus2.csv",
          row.names = FALSE, quote = FALSE, na = "")

set.seed(20260101)
sizes <- sample(4:12, 24, replace = TRUE)
made <- data.frame(h = rep(rep(c("north", "east", "south", "west"), each = 6), sizes), c = rep(rep(1:6, 4), sizes))
n <- nrow(made)
effect <- rep(rnorm(24, 0, 4), sizes)
made$w <- round(runif(n, 20, 60), 3)
made$y <- round(50 + effect + rnorm(n, 0, 8), 3)
made$x <- round(20 + 0.4 * made$y + rnorm(n, 0, 5), 3)
made$k <- sample(c("a", "b", "c"), n, replace = TRUE, prob = c(.5, .3, .2))
made$d <- sample(c("p", "q", "r"), n, replace = TRUE)
made$rare <- as.integer(runif(n) < .03)
made$N <- c(north = 40, east = 30, south = 25, west = 60)[made$h]
made$f <- 6 / made$N
made$y[sample(n, 15)] <- NA
made$x[sample(n, 9)] <- NA
write.csv(made, "../data/clustered_sample.csv", row.names = FALSE, quote = FALSE, na = "")
made$id <- seq_len(n)

strat <- read.csv("../data/apistrat.csv")
clus1 <- read.csv("../data/apiclus1.csv")
clus2 <- read.csv("../data/apiclus2.csv")
made <- read.csv("../data/clustered_sample.csv")
designs <- list(
  strat = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  stratn = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = strat),
  clus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus1n = svydesign(id = ~dnum, weights = ~pw, data = clus1),
  clus2 = svydesign(id = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2),
  clus2n = svydesign(id = ~dnum + snum, weights = ~pw, data = clus2),
  made = svydesign(id = ~c, strata = ~h, weights = ~w, fpc = ~N, data = made, nest = TRUE),
  maden = svydesign(id = ~c, strata = ~h, weights = ~w, data = made, nest = TRUE))
srs <- svydesign(id = ~1, weights = ~pw, data = clus1)

# Degrees of freedom count the units in which somebody has a value, as svyquantile and svyglm do.
stat <- function(design, quantity, group, x, df) {
  put(design, quantity, group, "estimate", coef(x))
  put(design, quantity, group, "std_error", SE(x))
  ci <- confint(x, df = df)
  put(design, quantity, group, "conf_low", ci[, 1])
  put(design, quantity, group, "conf_high", ci[, 2])
}
with_deff <- function(design, quantity, group, x, df) {
  stat(design, quantity, group, x, df)
  put(design, quantity, group, "deff", diag(as.matrix(deff(x))))
}
each_share <- function(name, quantity, d, variable, group = "") {
  x <- d$variables[[variable]]
  for (level in sort(unique(x))) {
    d$variables$indicator <- as.integer(x == level)
    for (method in c("logit", "beta", "mean")) {
      p <- svyciprop(~indicator, d, method = method)
      key <- trimws(paste(group, level))
      if (method == "logit") {
        m <- svymean(~indicator, d, deff = TRUE)
        put(name, quantity, key, "estimate", coef(m))
        put(name, quantity, key, "std_error", SE(m))
        put(name, quantity, key, "deff", deff(m))
      }
      put(name, quantity, key, paste0(method, "_low"), attr(p, "ci")[1])
      put(name, quantity, key, paste0(method, "_high"), attr(p, "ci")[2])
    }
  }
}
quantiles <- function(name, quantity, group, formula, d, q) {
  r <- svyquantile(formula, d, q, na.rm = TRUE)[[1]]
  for (i in seq_along(q)) {
    put(name, quantity, trimws(paste(group, q[i])), "estimate", r[i, 1])
    put(name, quantity, trimws(paste(group, q[i])), "conf_low", r[i, 2])
    put(name, quantity, trimws(paste(group, q[i])), "conf_high", r[i, 3])
    put(name, quantity, trimws(paste(group, q[i])), "std_error", r[i, 4])
  }
}
tests <- function(name, formula, d) for (s in c("F", "Chisq", "Wald", "adjWald")) {
  t <- svychisq(formula, d, statistic = s)
  put(name, paste0("test_", s), "", "statistic", t$statistic)
  put(name, paste0("test_", s), "", "df_numerator", t$parameter[1])
  if (length(t$parameter) > 1) put(name, paste0("test_", s), "", "df_denominator", t$parameter[2])
  put(name, paste0("test_", s), "", "p_value", t$p.value)
}
model <- function(name, quantity, formula, d, family) {
  m <- svyglm(formula, d, family = family, control = glm.control(epsilon = 1e-15, maxit = 100))
  s <- summary(m)$coefficients
  ci <- confint(m)
  for (i in seq_len(nrow(s))) {
    put(name, quantity, rownames(s)[i], "estimate", s[i, 1])
    put(name, quantity, rownames(s)[i], "std_error", s[i, 2])
    put(name, quantity, rownames(s)[i], "statistic", s[i, 3])
    put(name, quantity, rownames(s)[i], "p_value", s[i, 4])
    put(name, quantity, rownames(s)[i], "conf_low", ci[i, 1])
    put(name, quantity, rownames(s)[i], "conf_high", ci[i, 2])
  }
}

for (name in c("strat", "stratn", "clus1", "clus1n", "clus2", "clus2n")) {
  d <- designs[[name]]
  put(name, "df", "", "df", degf(d))
  with_deff(name, "mean_api00", "", svymean(~api00, d, deff = TRUE), degf(d))
  put(name, "mean_api00", "", "deff_wr", deff(svymean(~api00, d, deff = "replace")))
  with_deff(name, "total_enroll", "", svytotal(~enroll, d, na.rm = TRUE, deff = TRUE), degf(subset(d, !is.na(enroll))))
  put(name, "total_enroll", "", "deff_wr", deff(svytotal(~enroll, d, na.rm = TRUE, deff = "replace")))
  with_deff(name, "ratio_api00_api99", "", svyratio(~api00, ~api99, d, deff = TRUE), degf(d))
  quantiles(name, "quantile_api00", "", ~api00, d, c(.1, .25, .5, .75, .9))
  model(name, "gaussian", api00 ~ api99 + stype, d, gaussian())
  for (s in c("E", "H", "M")) {
    sub <- subset(d, stype == s)
    put(name, "df_api00_by_stype", s, "df", degf(sub))
    with_deff(name, "mean_api00_by_stype", s, svymean(~api00, sub, deff = TRUE), degf(sub))
    known <- degf(subset(sub, !is.na(enroll)))
    with_deff(name, "total_enroll_by_stype", s, svytotal(~enroll, sub, na.rm = TRUE, deff = TRUE), known)
    with_deff(name, "ratio_api00_api99_by_stype", s, svyratio(~api00, ~api99, sub, deff = TRUE), degf(sub))
  }
  b <- svyby(~api00, ~stype, d, svymean)
  ci <- confint(b, df = degf(d))
  for (s in c("E", "H", "M")) {
    put(name, "mean_api00_by_stype", s, "design_df_low", ci[s, 1])
    put(name, "mean_api00_by_stype", s, "design_df_high", ci[s, 2])
  }
}
for (name in c("clus1", "clus1n", "clus2")) each_share(name, "share_stype", designs[[name]], "stype")
for (name in c("strat", "clus1")) {
  each_share(name, "share_sch_wide", designs[[name]], "sch_wide")
  tests(name, ~stype + sch_wide, designs[[name]])
  model(name, "binomial", I(sch_wide == "Yes") ~ ell + meals, designs[[name]], quasibinomial())
  model(name, "poisson", enroll ~ ell + stype, designs[[name]], quasipoisson())
}
for (s in c("E", "M")) {
  each_share("clus1", "share_sch_wide_by_stype", subset(designs$clus1, stype == s), "sch_wide", s)
  quantiles("clus1", "quantile_api00_by_stype", s, ~api00, subset(designs$clus1, stype == s), .5)
}
stat("srs", "mean_api00", "", svymean(~api00, srs), degf(srs))

for (name in c("made", "maden")) {
  d <- designs[[name]]
  put(name, "df", "", "df", degf(d))
  with_deff(name, "mean_y", "", svymean(~y, d, na.rm = TRUE, deff = TRUE), degf(d))
  with_deff(name, "total_y", "", svytotal(~y, d, na.rm = TRUE, deff = TRUE), degf(d))
  with_deff(name, "ratio_y_x", "", svyratio(~y, ~x, d, na.rm = TRUE, deff = TRUE), degf(d))
  each_share(name, "share_rare", d, "rare")
  each_share(name, "share_k", d, "k")
  quantiles(name, "quantile_y", "", ~y, d, c(.1, .5, .9))
  tests(name, ~k + d, d)
  model(name, "gaussian", y ~ x + k, d, gaussian())
  for (s in c("p", "q", "r")) {
    sub <- subset(d, d == s)
    df <- degf(subset(sub, !is.na(y)))
    with_deff(name, "mean_y_by_d", s, svymean(~y, sub, na.rm = TRUE, deff = TRUE), df)
    with_deff(name, "total_y_by_d", s, svytotal(~y, sub, na.rm = TRUE, deff = TRUE), df)
  }
}

# one stratum with a single cluster, each policy
few <- subset(made, !(h == "west" & c > 1))
for (policy in c("certainty", "adjust", "average")) {
  options(survey.lonely.psu = policy)
  d <- svydesign(id = ~c, strata = ~h, weights = ~w, data = few, nest = TRUE)
  stat(policy, "mean_y", "", svymean(~y, d, na.rm = TRUE), degf(d))
  stat(policy, "total_y", "", svytotal(~y, d, na.rm = TRUE), degf(d))
  for (s in c("p", "q", "r"))
    stat(policy, "mean_y_by_d", s, svymean(~y, subset(d, d == s), na.rm = TRUE), degf(subset(d, d == s & !is.na(y))))
  tests(policy, ~k + d, d)
}
options(survey.lonely.psu = "fail")

# calibrated weights
stype <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch_wide = c("No", "Yes"), Freq = c(1072, 5122))
exact <- list(epsilon = 1e-14, maxit = 500)
population <- c(`(Intercept)` = 6194, stypeH = 755, stypeM = 1018, api99 = 3914069)
calibrated <- list(
  post = postStratify(designs$clus1, ~stype, stype),
  rake = rake(designs$clus1n, list(~stype, ~sch_wide), list(stype, wide), control = exact),
  linear = calibrate(designs$clus1, ~stype + api99, population, epsilon = 1e-13, maxit = 200),
  linearn = calibrate(designs$clus1n, ~stype + api99, population, epsilon = 1e-13, maxit = 200),
  logit = calibrate(designs$clus1n, ~stype + api99, population, calfun = "logit", bounds = c(.5, 1.6), epsilon = 1e-13, maxit = 500))
for (name in names(calibrated)) {
  d <- calibrated[[name]]
  stat(name, "mean_api00", "", svymean(~api00, d), degf(d))
  stat(name, "mean_enroll", "", svymean(~enroll, d), degf(d))
  stat(name, "total_enroll", "", svytotal(~enroll, d), degf(d))
  stat(name, "ratio_api00_enroll", "", svyratio(~api00, ~enroll, d), degf(d))
  each_share(name, "share_sch_wide", d, "sch_wide")
  quantiles(name, "quantile_api00", "", ~api00, d, c(.25, .5, .75))
  model(name, "gaussian", api00 ~ ell + meals, d, gaussian())
  tests(name, ~stype + comp_imp, d)
  for (s in c("E", "H", "M")) {
    sub <- subset(d, stype == s)
    stat(name, "mean_api00_by_stype", s, svymean(~api00, sub), degf(sub))
    stat(name, "total_enroll_by_stype", s, svytotal(~enroll, sub), degf(sub))
  }
}

# delete-one-cluster jackknife
jack <- list(
  jk1 = as.svrepdesign(designs$clus1n, type = "JK1"),
  jk1fpc = as.svrepdesign(designs$clus1, type = "JK1"),
  jkn = as.svrepdesign(designs$made, type = "JKn"))
jack$jk1post <- postStratify(jack$jk1, ~stype, stype)
jack$jk1rake <- rake(jack$jk1, list(~stype, ~sch_wide), list(stype, wide), control = exact)
for (name in c("jk1", "jk1fpc", "jk1post", "jk1rake")) {
  d <- jack[[name]]
  stat(name, "mean_api00", "", svymean(~api00, d), 14)
  stat(name, "total_enroll", "", svytotal(~enroll, d), 14)
  stat(name, "ratio_api00_enroll", "", svyratio(~api00, ~enroll, d), 14)
}
stat("jkn", "mean_y", "", svymean(~y, jack$jkn, na.rm = TRUE), 20)
stat("jkn", "total_y", "", svytotal(~y, jack$jkn, na.rm = TRUE), 20)
for (s in c("p", "q", "r"))
  stat("jkn", "mean_y_by_d", s, svymean(~y, subset(jack$jkn, d == s), na.rm = TRUE), degf(subset(designs$made, d == s & !is.na(y))))

out$value <- sprintf("%.17g", out$value)
write.csv(out, "../data/estimates_reference.csv", row.names = FALSE, quote = FALSE)
