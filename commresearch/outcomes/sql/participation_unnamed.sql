-- Rows without a key of the person: person-times only, by unit and period. A row of one person who cannot be told from others is no head count:
-- that person may be a resident of the band.
SELECT
  p.unit_id, m.period, m.first_month, CAST(SUM(COALESCE(s.persons, 1)) AS BIGINT) AS unnamed_times,
  CAST(SUM(CASE WHEN COALESCE(s.persons, 1) > 1 OR COALESCE(s.age_low > {{high_0}} OR s.age_high < {{low_0}}, FALSE) THEN 0 ELSE 1 END) AS BIGINT)
    AS nameless
FROM signins AS s
JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
JOIN periods AS m ON m.month = CAST(date_trunc('month', s.event_at) AS TIMESTAMP)
WHERE s.person_key IS NULL AND COALESCE(s.role, 'attends') = 'attends'
GROUP BY p.unit_id, m.period, m.first_month
