-- Events of the period whose place is the code, name or grid of a unit that had become another.
SELECT CAST(COUNT(*) AS BIGINT) AS events
FROM dated_places AS d
JOIN places_carried AS c ON c.place = d.place AND d.happened_at >= c.valid_from AND d.happened_at < c.valid_to
WHERE d.happened_at >= {{start}} AND d.happened_at < {{until}}
