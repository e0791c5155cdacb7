# Makes pooling_reference.csv in tests/oracle/data: common- and random-effects models of bcg.csv and of made-up mean differences in metafor.
# Run with: Rscript tests/oracle/scripts/pooling_reference.R   (R 4.2.2, metafor 3.8-1)
suppressMessages(library(metafor))
folder <- file.path("tests", "oracle", "data")
bcg <- read.csv(file.path(folder, "bcg.csv"))
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
# Means and standard deviations of two groups in eight places, made up; the differences hardly differ in the first five.
md <- data.frame(m1 = c(61, 64.5, 58, 66, 70.2, 49, 72, 55.5), s1 = c(12, 15, 11, 14, 16, 12.5, 10, 13), n1 = c(40, 55, 30, 80, 64, 45, 38, 70),
                 m2 = c(55, 59, 53.5, 60.8, 64, 50, 58, 52), s2 = c(13, 14, 12, 13, 15, 12, 11, 14), n2 = c(42, 50, 33, 75, 60, 48, 40, 66))
md <- escalc("MD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2, data = md)
bcg$ablat <- as.numeric(bcg$ablat); bcg$year <- as.numeric(bcg$year)
sets <- list(bcg = bcg, bcg_10_12 = bcg[10:12, ], bcg_1_4 = bcg[1:4, ], bcg_9_13 = bcg[9:13, ], md = md, md_1_5 = md[1:5, ])
tight <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)
out <- data.frame()
add <- function(data, method, test, mods, quantity, value)
  out <<- rbind(out, data.frame(data, method, test, mods, quantity, index = seq_along(value), value = trimws(formatC(as.numeric(value), digits = 16, format = "g"))))
tests <- c("z", "knha", "adhoc")
fit <- function(d, method, test, mods = NULL) {
  control <- if (method == "PM") list(tol = 1e-14, maxiter = 10000) else if (method %in% c("ML", "REML")) list(threshold = 1e-14, maxiter = 10000) else list()
  # It warns where the modified form does not change the standard error, and where a made-up set has no heterogeneity.
  suppressWarnings(if (is.null(mods)) rma(yi, vi, data = d, method = method, test = test, control = control)
                   else rma(yi, vi, mods = as.formula(paste("~", mods)), data = d, method = method, test = test, control = control))
}
numbers <- function(f) c(tau2 = f$tau2, I2 = f$I2, H2 = f$H2, QE = f$QE, QEp = f$QEp)
for (s in names(sets)) {
  d <- sets[[s]]
  add(s, "", "", "", "yi", d$yi); add(s, "", "", "", "vi", d$vi)
  for (m in c("EE", "DL", "PM", "ML", "REML")) for (t in tests) {
    if (m == "EE" && t != "z") next
    f <- fit(d, m, t)
    add(s, m, t, "", "effect", c(f$b, f$se, f$zval, f$pval, f$ci.lb, f$ci.ub))
    if (t == "z") { add(s, m, t, "", "heterogeneity", numbers(f)); add(s, m, t, "", "weights", weights(f)) }
    if (m != "EE") { p <- predict(f); add(s, m, t, "", "prediction", c(p$pi.lb, p$pi.ub)) }
    if (m != "EE") { b <- blup(f); add(s, m, t, "", "blup", b$pred); add(s, m, t, "", "blup_se", b$se); add(s, m, t, "", "blup_low", b$pi.lb) }
    if (nrow(d) >= 5 && m %in% c("DL", "REML")) {
      one <- sapply(seq_len(nrow(d)), function(i) { g <- fit(d[-i, ], m, t); c(g$b, g$se, g$ci.lb, g$ci.ub, g$tau2, g$I2, g$H2, g$QE, g$QEp) })
      for (r in 1:9) add(s, m, t, "", paste0("without_", c("b", "se", "low", "high", "tau2", "I2", "H2", "Q", "Qp")[r]), one[r, ])
    }
  }
  ci <- suppressWarnings(confint(fit(d, "REML", "z"), control = list(tol = 1e-14, maxiter = 10000)))$random
  add(s, "REML", "z", "", "q_profile", c(ci["tau^2", 2:3], ci["I^2(%)", 2:3], ci["H^2", 2:3]))
}
for (mods in c("ablat", "ablat + year")) for (m in c("EE", "DL", "PM", "ML", "REML")) for (t in tests) {
  if (m == "EE") { if (t != "z") next; f <- rma(yi, vi, mods = as.formula(paste("~", mods)), data = bcg, method = "FE") } else f <- fit(bcg, m, t, mods)
  add("bcg", m, t, mods, "b", f$b); add("bcg", m, t, mods, "se", f$se); add("bcg", m, t, mods, "p", f$pval)
  add("bcg", m, t, mods, "low", f$ci.lb); add("bcg", m, t, mods, "high", f$ci.ub)
  add("bcg", m, t, mods, "qm", c(f$QM, f$QMp)); add("bcg", m, t, mods, "heterogeneity", numbers(f))
  if (m == "EE") next
  # Its R2 comes from a fit without moderators at default tolerance: made anew from a tight one.
  add("bcg", m, t, mods, "r2", { n <- fit(bcg, m, "z")$tau2; max(0, 100 * (n - f$tau2) / n) })
  p <- predict(f); add("bcg", m, t, mods, "pred", p$pred); add("bcg", m, t, mods, "pred_se", p$se)
  add("bcg", m, t, mods, "pi_low", p$pi.lb); add("bcg", m, t, mods, "pi_high", p$pi.ub)
  b <- blup(f); add("bcg", m, t, mods, "blup", b$pred); add("bcg", m, t, mods, "blup_se", b$se)
}
write.csv(out, file.path(folder, "pooling_reference.csv"), row.names = FALSE, quote = FALSE)
print(packageVersion("metafor"))
