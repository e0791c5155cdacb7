-- Sign-ins of those who attended by month, and how many of them were at a place that belongs to no unit.
SELECT
  CAST(date_trunc('month', s.event_at) AS TIMESTAMP) AS month,
  CAST(SUM(CASE WHEN p.unit_id IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS astray,
  CAST(COUNT(*) AS BIGINT) AS told
FROM signins AS s
LEFT JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
WHERE s.event_at >= {{start}} AND s.event_at < {{until}} AND COALESCE(s.role, 'attends') = 'attends'
GROUP BY CAST(date_trunc('month', s.event_at) AS TIMESTAMP)
