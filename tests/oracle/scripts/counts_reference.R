# Makes counts_robust_reference.csv in tests/oracle/data from counts_panel.csv: Poisson regression with dummies, covariances by clubSandwich.
# Run with: Rscript tests/oracle/scripts/counts_reference.R   (R 4.2.2, clubSandwich)
suppressMessages(library(clubSandwich))
folder <- file.path("tests", "oracle", "data")
d <- read.csv(file.path(folder, "counts_panel.csv"))
d <- d[ave(d$counts, d$unit, FUN = sum) > 0, ]
m <- glm(counts ~ treated + factor(unit) + factor(month) + offset(log(households)), poisson, d, control = glm.control(epsilon = 1e-14, maxit = 100))
# The last weighted regression of the iteration, every row times the root of its weight: CR2 of an unweighted regression does not depend on which
# root of the working covariance is taken (vcovCR of the glm takes another one and differs in the fourth digit).
root <- sqrt(fitted(m))
x <- model.matrix(m) * root
colnames(x) <- make.names(colnames(x))
z <- root * ((d$counts - fitted(m)) / fitted(m) + drop(model.matrix(m) %*% coef(m)))
last <- lm(z ~ 0 + ., data = data.frame(z = z, x))
v <- vcovCR(last, cluster = d$assignment, type = "CR2")
t <- coef_test(last, vcov = v, test = "Satterthwaite", coefs = "treated")
out <- data.frame(kind = "cr2", coefficient = coef(m)[["treated"]], std_error = t$SE, df = t$df_Satt)
out[, 2:4] <- lapply(out[, 2:4], function(x) formatC(x, digits = 15, format = "g"))
write.csv(out, file.path(folder, "counts_robust_reference.csv"), row.names = FALSE, quote = FALSE)
print(packageVersion("clubSandwich"))
