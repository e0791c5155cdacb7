-- Bookings and counts by month that tell of use, or may, and how many of them name no room of the register, so that they may be any unit's.
SELECT
  CAST(date_trunc('month', start_at) AS TIMESTAMP) AS month,
  CAST(SUM(CASE WHEN room IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS astray,
  CAST(COUNT(*) AS BIGINT) AS told
FROM space_entries
WHERE may_be_used AND end_at >= start_at AND start_at >= {{start}} AND start_at < {{until}}
GROUP BY CAST(date_trunc('month', start_at) AS TIMESTAMP)
