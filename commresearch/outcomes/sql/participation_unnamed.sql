-- Rows without persons (head counts): person-times only, by unit and period.
SELECT
  p.unit_id, m.period, m.first_month, CAST(SUM(COALESCE(s.persons, 1)) AS BIGINT) AS unnamed_times
FROM signins AS s
JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
JOIN periods AS m ON m.month = CAST(date_trunc('month', s.event_at) AS TIMESTAMP)
WHERE s.person_key IS NULL AND COALESCE(s.role, 'attends') = 'attends'
GROUP BY p.unit_id, m.period, m.first_month
