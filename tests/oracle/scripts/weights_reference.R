# Reference numbers for weights, calibration and reliability.
#
# Run in the folder of this file: Rscript weights_reference.R
# Made with R 4.2.2, survey 4.1.1, psych 2.2.9. Writes to ../data:
#   weights_reference.csv      one row per respondent and method: the calibrated weight
#   calibration_errors.csv     estimates and standard errors after each method
#   reliability_reference.csv  alpha, its interval, omega, and item statistics of two scales
suppressMessages({library(survey); library(psych)})
digits16 <- function(x) formatC(x, digits = 16, format = "g")

clusters <- read.csv("../data/apiclus1.csv", stringsAsFactors = TRUE)
strata <- read.csv("../data/apistrat.csv", stringsAsFactors = TRUE)
clus1n <- svydesign(id = ~dnum, weights = ~pw, data = clusters)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, data = strata)

school <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch_wide = c("No", "Yes"), Freq = c(1072, 5122))
exact <- list(maxit = 5000, epsilon = 1e-15)
totals <- c(`(Intercept)` = 6194, stypeH = 755, stypeM = 1018, api99 = 3914069)
strat_totals <- c(`(Intercept)` = 6194, sch_wideYes = 5122, comp_impYes = 4600, api99 = 3914069)
tight <- 1e-13

rake_until_still <- function(design, formulas, margins) {
  suppressWarnings(rake(design, formulas, margins, control = exact))
}
designs <- list(
  clus1_post_stratified = postStratify(clus1n, ~stype, school),
  clus1_raked = rake_until_still(clus1n, list(~stype, ~sch_wide), list(school, wide)),
  clus1_linear = calibrate(clus1n, ~stype + api99, totals),
  clus1_linear_bounded = calibrate(clus1n, ~stype + api99, totals, bounds = c(0.6, 1.6), epsilon = tight, maxit = 500),
  clus1_raking = calibrate(clus1n, ~stype + api99, totals, calfun = "raking", epsilon = tight, maxit = 500),
  clus1_raking_bounded = calibrate(clus1n, ~stype + api99, totals, calfun = "raking", bounds = c(0.6, 1.6), epsilon = tight, maxit = 500),
  clus1_logit = calibrate(clus1n, ~stype + api99, totals, calfun = "logit", bounds = c(0.6, 1.6), epsilon = tight, maxit = 500),
  strat_post_stratified = postStratify(strat, ~sch_wide, wide),
  strat_linear = calibrate(strat, ~sch_wide + comp_imp + api99, strat_totals),
  strat_linear_bounded = calibrate(strat, ~sch_wide + comp_imp + api99, strat_totals, bounds = c(0.6, 1.8), epsilon = tight, maxit = 500),
  strat_raking = calibrate(strat, ~sch_wide + comp_imp + api99, strat_totals, calfun = "raking", epsilon = tight, maxit = 500),
  strat_raking_bounded = calibrate(strat, ~sch_wide + comp_imp + api99, strat_totals, calfun = "raking", bounds = c(0.3, 1.6), epsilon = tight, maxit = 500),
  strat_logit = calibrate(strat, ~sch_wide + comp_imp + api99, strat_totals, calfun = "logit", bounds = c(0.5, 2), epsilon = tight, maxit = 500),
  strat_margins_raking = calibrate(strat, ~sch_wide + comp_imp, strat_totals[1:3], calfun = "raking", epsilon = tight, maxit = 500)
)

reference <- do.call(rbind, lapply(names(designs), function(name) {
  data.frame(method = name, row = seq_along(weights(designs[[name]])) - 1, weight = digits16(weights(designs[[name]])))
}))
write.csv(reference, "../data/weights_reference.csv", row.names = FALSE, quote = FALSE)

errors <- do.call(rbind, lapply(names(designs), function(name) {
  estimates <- list(mean_api00 = svymean(~api00, designs[[name]]), mean_enroll = svymean(~enroll, designs[[name]], na.rm = TRUE),
                    total_api00 = svytotal(~api00, designs[[name]]), total_enroll = svytotal(~enroll, designs[[name]], na.rm = TRUE))
  data.frame(method = name, quantity = names(estimates), estimate = digits16(sapply(estimates, coef)),
             std_error = digits16(sapply(estimates, SE)))
}))
write.csv(errors, "../data/calibration_errors.csv", row.names = FALSE, quote = FALSE)

items <- read.csv("../data/bfi_items.csv")
scales <- list(A = list(names = paste0("A", 1:5), keys = c(-1, 1, 1, 1, 1)), C = list(names = paste0("C", 1:5), keys = c(1, 1, 1, -1, -1)))
lines <- list()
keep <- function(scale, use, item, statistic, value) {
  lines[[length(lines) + 1]] <<- data.frame(scale = scale, use = use, item = item, statistic = statistic, value = digits16(value))
}
for (scale in names(scales)) for (use in c("pairwise", "complete")) {
  keys <- scales[[scale]]$keys
  answers <- items[, scales[[scale]]$names]
  if (use == "complete") answers <- na.omit(answers)
  answers[, keys < 0] <- 7 - answers[, keys < 0]
  fit <- suppressWarnings(alpha(answers, use = "pairwise"))
  smallest <- min(crossprod(!is.na(answers)))
  interval <- alpha.ci(fit$total$raw_alpha, smallest, ncol(answers))
  correlations <- cov2cor(cov(answers, use = "pairwise"))
  factor <- fa(correlations, nfactors = 1, fm = "minres")
  loadings <- as.vector(factor$loadings)
  for (one in list(list("n", smallest), list("alpha", fit$total$raw_alpha), list("standardised_alpha", fit$total$std.alpha),
                   list("conf_low", interval$lower.ci), list("conf_high", interval$upper.ci),
                   list("omega_minres", sum(loadings)^2 / (sum(loadings)^2 + sum(1 - loadings^2))))) keep(scale, use, "", one[[1]], one[[2]])
  for (i in seq_along(keys)) {
    keep(scale, use, names(answers)[i], "item_rest", fit$item.stats$r.drop[i])
    keep(scale, use, names(answers)[i], "alpha_if_dropped", fit$alpha.drop$raw_alpha[i])
    keep(scale, use, names(answers)[i], "mean", fit$item.stats$mean[i])
    keep(scale, use, names(answers)[i], "sd", fit$item.stats$sd[i])
    keep(scale, use, names(answers)[i], "loading", abs(loadings[i]))
  }
}
write.csv(do.call(rbind, lines), "../data/reliability_reference.csv", row.names = FALSE, quote = FALSE)
