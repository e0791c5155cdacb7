-- Places that are not in the register at the time of the event.
SELECT COALESCE(s.place, '') AS place, CAST(COUNT(*) AS BIGINT) AS events, MIN(s.event_at) AS first_at, MAX(s.event_at) AS last_at
FROM signins AS s
LEFT JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
WHERE p.unit_id IS NULL AND s.event_at >= {{start}} AND s.event_at < {{until}}
GROUP BY COALESCE(s.place, '')
