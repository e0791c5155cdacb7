-- Counts of every unit by month, in order. Where the rank falls among cases that were never closed, there is no time to close.
SELECT
  u.unit_id,
  c.month,
  c.contacts, c.keyed, c.marked, c.cases, c.contacts_with_help, c.cases_with_help, c.cases_unlabelled, c.callers, c.asked_resolved, c.resolved, c.asked_satisfied,
  c.satisfied, c.timed, c.still_open, c.closed_in_time,
  CAST(CASE WHEN c.median_seconds < {{never}} / 1000e0 THEN c.median_seconds / 3600e0 END AS DOUBLE) AS median_hours,
  CAST(CASE WHEN c.decile_seconds < {{never}} / 1000e0 THEN c.decile_seconds / 3600e0 END AS DOUBLE) AS p90_hours
FROM complaint_cells c
INNER JOIN units u ON c.unit_number = u.unit_number
ORDER BY u.unit_id, c.month
