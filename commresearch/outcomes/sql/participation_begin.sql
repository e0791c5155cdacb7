-- Month in which the sign-ins of a unit begin: before it, nobody can be told to be new.
SELECT p.unit_id, CAST(date_trunc('month', MIN(s.event_at)) AS TIMESTAMP) AS begins
FROM signins AS s
JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
GROUP BY p.unit_id
