-- Rooms of the register whose unit is not in the roster in any part of the period.
SELECT r.room, r.unit_id, r.valid_from, r.valid_to
FROM rooms AS r
LEFT JOIN (SELECT DISTINCT room FROM space_rooms WHERE valid_from < CAST({{until}} AS DATE) AND valid_to > CAST({{start}} AS DATE)) AS h ON h.room = r.room
WHERE h.room IS NULL AND COALESCE(r.valid_from, DATE '0001-01-01') < CAST({{until}} AS DATE) AND COALESCE(r.valid_to, DATE '9999-12-31') > CAST({{start}} AS DATE)
ORDER BY r.room, r.valid_from
