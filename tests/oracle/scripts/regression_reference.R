# Reference numbers for cluster-robust covariances and two-way regressions.
#
# Run in the folder of this file: Rscript regression_reference.R
# Made with R 4.2.2, clubSandwich 0.5.8, sandwich 3.0.2. Writes to ../data:
#   regression_panel.csv      a made-up panel: 24 units in 11 clusters of unequal size, 10 months, gaps, weights, three starts
#   regression_reference.csv  case, term, quantity, value with 16 digits
suppressMessages({library(clubSandwich); library(sandwich)})
digits16 <- function(x) formatC(x, digits = 16, format = "g")

set.seed(20240607)
units <- 24
months <- 10
cluster_of <- c(1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11, 11)
start_of <- c(5, 7, NA, 7, NA, NA, 5, NA, 8, NA, NA)
panel <- expand.grid(month = 1:months, unit = 1:units)
panel$cluster <- cluster_of[panel$unit]
panel$start <- start_of[panel$cluster]
panel$d <- as.numeric(!is.na(panel$start) & panel$month >= panel$start)
panel$x <- round(rnorm(nrow(panel)), 4)
common <- rnorm(11)[panel$cluster]
panel$y <- round(10 + panel$unit / 5 + sin(panel$month) + 0.5 * panel$d + 0.3 * panel$x + common * rnorm(nrow(panel)) + rnorm(nrow(panel)), 4)
panel$w <- round(runif(nrow(panel), 0.5, 3), 3)
panel$kept <- as.numeric(runif(nrow(panel)) > 0.15)
write.csv(panel, "../data/regression_panel.csv", row.names = FALSE, na = "", quote = FALSE)

rows <- list()
note <- function(case, term, quantity, value) rows[[length(rows) + 1]] <<- data.frame(case, term, quantity, value = digits16(value))
# clubSandwich has no CR3 where a dummy lies within one cluster: every cluster is left out in turn instead.
jackknife <- function(case, fit, data, cluster, terms) {
  without <- sapply(unique(cluster), function(g) coef(update(fit, data = data[cluster != g, ]))[terms])
  for (term in terms) note(case, term, "cr3_se", sqrt(sum((matrix(without, nrow = length(terms))[match(term, terms), ] - coef(fit)[term])^2)))
}
robust <- function(case, fit, cluster, terms, kinds = "CR2", prefix = "") {
  named <- paste0(prefix, terms)
  for (kind in kinds) {
    V <- vcovCR(fit, cluster = cluster, type = kind)
    test <- coef_test(fit, vcov = V, test = "Satterthwaite", coefs = named)
    for (i in seq_along(terms)) {
      note(case, terms[i], paste0(tolower(kind), "_se"), sqrt(diag(as.matrix(V))[named[i]]))
      if (kind == "CR2") note(case, terms[i], "cr2_df", if (is.null(test$df)) test$df_Satt[i] else test$df[i])
    }
  }
  V1 <- vcovCL(fit, cluster = cluster, type = "HC1")
  for (i in seq_along(terms)) {
    note(case, terms[i], "estimate", coef(fit)[named[i]])
    note(case, terms[i], "hc1_se", sqrt(V1[named[i], named[i]]))
  }
}

# Weighted least squares as plain least squares on rows times the square root of their weight: CR2 takes its square root there.
rooted <- function(fit) {
  root <- sqrt(weights(fit))
  X <- model.matrix(fit)[, !is.na(coef(fit))] * root
  y <- model.response(model.frame(fit)) * root
  lm(y ~ 0 + X)
}

# No effects: two columns and a constant, clusters of unequal size.
flat <- panel[panel$kept == 1, ]
robust("plain", lm(y ~ d + x, flat), flat$cluster, c("(Intercept)", "d", "x"), kinds = c("CR2", "CR3"))
robust("plain_weighted", rooted(lm(y ~ d + x, flat, weights = w)), flat$cluster, c("(Intercept)", "d", "x"), kinds = c("CR2", "CR3"), prefix = "X")
# All effects as dummies: balanced, with gaps, with gaps and weights; clusters that hold several units.
two <- y ~ d + factor(unit) + factor(month)
robust("two_way_balanced", lm(two, panel), panel$cluster, "d")
robust("two_way_gaps", lm(two, flat), flat$cluster, "d")
robust("two_way_weighted", rooted(lm(two, flat, weights = w)), flat$cluster, "d", prefix = "X")
robust("two_way_by_unit", lm(two, panel), panel$unit, "d")
jackknife("two_way_balanced", lm(two, panel), panel, panel$cluster, "d")
jackknife("two_way_gaps", lm(two, flat), flat, flat$cluster, "d")
jackknife("two_way_weighted", lm(two, flat, weights = w), flat, flat$cluster, "d")
jackknife("two_way_by_unit", lm(two, panel), panel, panel$unit, "d")
# Event study, reference -1, with gaps.
event <- ifelse(is.na(panel$start), -1, panel$month - panel$start)
times <- setdiff(sort(unique(event)), -1)
names <- paste0("e", ifelse(times < 0, paste0("m", -times), times))
for (i in seq_along(times)) panel[[names[i]]] <- as.numeric(!is.na(panel$start) & event == times[i])
flat <- panel[panel$kept == 1, ]
formula <- as.formula(paste("y ~", paste(names, collapse = " + "), "+ factor(unit) + factor(month)"))
robust("event_study_gaps", lm(formula, flat), flat$cluster, names)
robust("event_study_balanced", lm(formula, panel), panel$cluster, names)
write.csv(do.call(rbind, rows), "../data/regression_reference.csv", row.names = FALSE, quote = FALSE)
