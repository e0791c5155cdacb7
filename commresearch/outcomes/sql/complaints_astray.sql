-- Contacts of the types of the definition by month, and how many of them belong to no unit.
SELECT
  month,
  CAST(SUM(CASE WHEN unit_number IS NULL THEN contacts ELSE 0 END) AS BIGINT) AS astray,
  CAST(SUM(contacts) AS BIGINT) AS told
FROM complaint_cells
WHERE contacts > 0
GROUP BY month
