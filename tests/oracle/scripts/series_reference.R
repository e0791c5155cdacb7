# Makes series_reference.csv in tests/oracle/data: interrupted series on sicily.csv in base R, MASS (glm.nb) and sandwich (NeweyWest).
# Run with: Rscript tests/oracle/scripts/series_reference.R   (R 4.2.2, MASS, sandwich)
suppressMessages({library(MASS); library(sandwich)})
folder <- file.path("tests", "oracle", "data")
d <- read.csv(file.path(folder, "sicily.csv"))
d$since <- d$time - 37
d$slope <- d$since * d$smokban
tight <- glm.control(epsilon = 1e-14, maxit = 200)
angle <- 2 * pi * (d$time %% 12) / 12
season <- cbind(cos(angle), sin(angle), cos(2 * angle), sin(2 * angle))
out <- data.frame()
add <- function(model, vcov, term, estimate, error, extra = NA, df = NA)
  out <<- rbind(out, data.frame(model, vcov, term, estimate, error, extra, df))
terms <- function(name, fit, vcov, v, extra = NA) {
  for (t in intersect(c("smokban", "slope"), names(coef(fit)))) add(name, vcov, t, coef(fit)[[t]], sqrt(v[t, t]), extra, df.residual(fit))
}
hac <- function(fit, lag) NeweyWest(fit, lag = lag, prewhite = FALSE, adjust = TRUE)
# Pearson dispersion from the fitted means themselves: summary.glm takes the weights of the round before the last.
pearson <- function(fit) sum(residuals(fit, "pearson")^2) / df.residual(fit)

plain <- glm(aces ~ offset(log(stdpop)) + smokban + since, poisson, d, control = tight)
terms("poisson", plain, "model", vcov(plain))
terms("poisson", plain, "hac", hac(plain, 3))
terms("quasipoisson", plain, "model", vcov(plain) * pearson(plain), pearson(plain))
full <- glm(aces ~ offset(log(stdpop)) + smokban + since + slope + season, poisson, d, control = tight)
terms("poisson_full", full, "model", vcov(full))
terms("poisson_full", full, "hac", hac(full, 3))
terms("poisson_full_lag5", full, "hac", hac(full, 5))
line <- lm(aces ~ smokban + since + slope + season, d)
terms("gaussian_full", line, "model", vcov(line))
terms("gaussian_full", line, "hac", hac(line, 3))
nb <- glm.nb(aces ~ offset(log(stdpop)) + smokban + since, d, control = glm.control(epsilon = 1e-13, maxit = 500))
terms("negative_binomial", nb, "model", vcov(nb), nb$theta)
# Prais-Winsten by its definition: least squares on y_t - rho y_t-1 with the first row times sqrt(1 - rho^2), until rho rests.
x <- model.matrix(~ smokban + since, d); y <- d$aces; n <- length(y); rho <- 0
for (i in 1:500) {
  xs <- rbind(sqrt(1 - rho^2) * x[1, ], x[-1, ] - rho * x[-n, ]); ys <- c(sqrt(1 - rho^2) * y[1], y[-1] - rho * y[-n])
  f <- lm.fit(xs, ys); e <- y - x %*% f$coefficients; new <- sum(e[-1] * e[-n]) / sum(e[-n]^2)
  if (abs(new - rho) < 1e-14) break
  rho <- new
}
s2 <- sum(f$residuals^2) / (n - ncol(x))
add("prais_winsten", "prais_winsten", "smokban", f$coefficients[["smokban"]], sqrt(s2 * solve(crossprod(xs))["smokban", "smokban"]), rho, n - ncol(x))
out[, 4:7] <- lapply(out[, 4:7], function(x) formatC(x, digits = 15, format = "g"))
write.csv(out, file.path(folder, "series_reference.csv"), row.names = FALSE, quote = FALSE)
print(packageVersion("sandwich")); print(packageVersion("MASS"))
