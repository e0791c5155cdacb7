-- Contacts of the types of the definition by month, and how many of them belong to no unit.
SELECT
  CAST(date_trunc('month', received_at) AS TIMESTAMP) AS month,
  CAST(SUM(CASE WHEN unit_number IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS astray,
  CAST(COUNT(*) AS BIGINT) AS told
FROM complaint_cases
WHERE (flags & {{main}}) > 0
GROUP BY CAST(date_trunc('month', received_at) AS TIMESTAMP)
