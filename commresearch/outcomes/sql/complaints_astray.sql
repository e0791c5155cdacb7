-- Contacts of the types of the definition by month, and how many of them belong to no unit.
SELECT
  month,
  CAST(SUM(CASE WHEN unit_id IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS astray,
  CAST(COUNT(*) AS BIGINT) AS told
FROM complaint_cases
WHERE (flags & {{main}}) > 0
GROUP BY month
