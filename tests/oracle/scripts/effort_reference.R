# Makes effort_items.csv (simulated answers) and effort_reference.csv (indices in base R) in tests/oracle/data.
# Run with: Rscript tests/oracle/scripts/effort_reference.R   (R 4.2.2, psych 2.2.9)
# Every index is written out row by row from its definition; psych::outlier and stats::mahalanobis are called as they are.

suppressMessages(library(psych))
folder <- file.path("tests", "oracle", "data")
set.seed(20250301, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

persons <- 160; scales <- 6; per_scale <- 5; items <- scales * per_scale
level <- matrix(rnorm(persons * scales, 0, 1.1), persons)
answers <- 3 + level[, rep(1:scales, each = per_scale)] + matrix(rnorm(persons * items, 0, 0.55), persons)
answers[, c(3, 14)] <- 6 - answers[, c(3, 14)]               # two items worded the other way round: antonyms
answers <- pmin(pmax(round(answers), 1), 5)
answers[1:4, ] <- c(1, 3, 4, 5)                               # one answer throughout
answers[5:12, ] <- sample(1:5, 8 * items, replace = TRUE)     # at random
answers[13, ] <- rep(c(2, 4), length.out = items)             # a pattern
holes <- matrix(runif(persons * items) < 0.06, persons)
holes[c(1:3, 13, 100:160), ] <- FALSE
answers[holes] <- NA
answers[20, ] <- NA                                           # nothing answered
answers[21, 2:items] <- NA                                    # one answer
answers[22, 1:20] <- NA                                       # two scales left
answers[23, 4:9] <- NA                                        # a hole inside a run
answers[23, c(1:3, 10:14)] <- 4
colnames(answers) <- sprintf("q%02d", 1:items)

longest <- function(x) max(rle(x)$lengths)
average <- function(x) mean(rle(x)$lengths)
spread <- function(x) sd(x, na.rm = TRUE)

inconsistency <- function(x, keys) {
  x <- ifelse(keys < 0, 6 - x, x)
  halves <- t(sapply(1:scales, function(j) {
    own <- x[(j - 1) * per_scale + 1:per_scale]
    c(mean(own[c(2, 4)], na.rm = TRUE), mean(own[c(1, 3, 5)], na.rm = TRUE))
  }))
  usable <- sum(complete.cases(halves))
  r <- if (usable > 1) suppressWarnings(cor(halves[, 1], halves[, 2], use = "complete.obs")) else NA
  stepped <- max(2 * r / (1 + r), -1)
  c(-stepped, usable)
}

pairs_of <- function(x, critical, sign) {
  r <- cor(x, use = "pairwise.complete.obs")
  r[upper.tri(r, diag = TRUE)] <- NA
  which(sign * r > critical, arr.ind = TRUE)
}

within_person <- function(x, pairs) {
  first <- x[pairs[, 1]]; second <- x[pairs[, 2]]
  usable <- sum(!is.na(first) & !is.na(second))
  r <- if (usable > 2) suppressWarnings(cor(first, second, use = "complete.obs")) else NA
  c(r, usable)
}

keys <- rep(1, items); keys[c(3, 14)] <- -1
synonyms <- pairs_of(answers, 0.60, 1); antonyms <- pairs_of(answers, 0.60, -1)
even_odd <- t(apply(answers, 1, inconsistency, keys))
syn <- t(apply(answers, 1, within_person, synonyms)); ant <- t(apply(answers, 1, within_person, antonyms))
answered <- rowSums(!is.na(answers)) > 0
distance <- rep(NA, persons)
distance[answered] <- outlier(answers[answered, ], plot = FALSE)
full <- complete.cases(answers)
distance_full <- rep(NA, persons)
distance_full[full] <- mahalanobis(answers[full, ], colMeans(answers[full, ]), cov(answers[full, ]))

reference <- data.frame(
  longstring = apply(answers, 1, longest), average_longstring = apply(answers, 1, average), irv = apply(answers, 1, spread),
  even_odd = even_odd[, 1], even_odd_pairs = even_odd[, 2], mahalanobis = distance, mahalanobis_complete = distance_full,
  synonyms = syn[, 1], synonym_pairs = syn[, 2], antonyms = ant[, 1], antonym_pairs = ant[, 2],
  share_missing = rowMeans(is.na(answers))
)
write_numbers <- function(frame, name) {
  text <- as.data.frame(lapply(as.data.frame(frame), function(v) ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g")))))
  write.csv(text, file.path(folder, name), row.names = FALSE, quote = FALSE, eol = "\n")
}
write_numbers(answers, "effort_items.csv")
write_numbers(reference, "effort_reference.csv")
cat(nrow(synonyms), "pairs of synonyms,", nrow(antonyms), "of antonyms,", sum(full), "complete rows\n")
