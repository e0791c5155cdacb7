-- Rooms on the register with the unit they belong to, each for its days; rooms that were there at the baseline are the fixed set.
WITH fixed AS (
  SELECT DISTINCT room
  FROM rooms
  WHERE COALESCE(valid_from, DATE '0001-01-01') <= {{baseline}} AND COALESCE(valid_to, DATE '9999-12-31') > {{baseline}}
)
SELECT
  r.room, p.unit_id, COALESCE(r.room_class, 'activity') AS room_class, r.area_m2, r.in_service_from, r.in_service_to,
  GREATEST(COALESCE(r.valid_from, DATE '0001-01-01'), CAST(p.valid_from AS DATE)) AS valid_from,
  LEAST(COALESCE(r.valid_to, DATE '9999-12-31'), CAST(p.valid_to AS DATE)) AS valid_to,
  CASE WHEN f.room IS NULL THEN 0 ELSE 1 END AS is_fixed
FROM rooms AS r
JOIN places AS p ON p.place = r.unit_id
LEFT JOIN fixed AS f ON f.room = r.room
WHERE GREATEST(COALESCE(r.valid_from, DATE '0001-01-01'), CAST(p.valid_from AS DATE))
  < LEAST(COALESCE(r.valid_to, DATE '9999-12-31'), CAST(p.valid_to AS DATE))
