-- Seconds of use, of use if all bookings of which nothing is known were used (possible), and of booking by room and day, to be added up. Each interval adds
-- to the union of those before it the piece that they did not reach; pieces do not overlap, and are clipped to the reference hours (which may end
-- after midnight) and to opening hours (a closed day has none).
WITH ordered AS (
  SELECT
    room, day, starts, ends, is_booking, is_used, may_be_used,
    COALESCE(MAX(CASE WHEN is_booking THEN ends END) OVER before_it, 0) AS booked_until,
    COALESCE(MAX(CASE WHEN is_used THEN ends END) OVER before_it, 0) AS used_until,
    COALESCE(MAX(CASE WHEN may_be_used THEN ends END) OVER before_it, 0) AS possible_until
  FROM space_parts
  WINDOW before_it AS (PARTITION BY room, day ORDER BY starts, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
pieces AS (
  SELECT
    room, day, ends,
    CASE WHEN is_booking THEN ends - starts ELSE 0 END AS whole,
    CASE WHEN is_booking THEN LEAST(GREATEST(starts, booked_until), ends) ELSE ends END AS booked_from,
    CASE WHEN is_used THEN LEAST(GREATEST(starts, used_until), ends) ELSE ends END AS used_from,
    CASE WHEN may_be_used THEN LEAST(GREATEST(starts, possible_until), ends) ELSE ends END AS possible_from
  FROM ordered
)
SELECT
  room, day,
  GREATEST(LEAST(ends, {{closes}}) - GREATEST(used_from, {{opens}}), 0) + GREATEST(LEAST(ends, {{after_midnight}}) - used_from, 0) AS used,
  GREATEST(LEAST(ends, {{closes}}) - GREATEST(possible_from, {{opens}}), 0) + GREATEST(LEAST(ends, {{after_midnight}}) - possible_from, 0) AS possible,
  ends - used_from AS used_at_any_time,
  GREATEST(LEAST(ends, {{closes}}) - GREATEST(booked_from, {{opens}}), 0) + GREATEST(LEAST(ends, {{after_midnight}}) - booked_from, 0) AS booked,
  whole - (ends - booked_from) AS booked_twice,
  0 AS used_open
FROM pieces
UNION ALL
SELECT
  u.room, u.day, 0 AS used, 0 AS possible, 0 AS used_at_any_time, 0 AS booked, 0 AS booked_twice,
  LEAST(u.ends, o.close_second) - GREATEST(u.used_from, o.open_second) AS used_open
FROM pieces AS u
JOIN days AS d ON d.day = u.day
JOIN open_spans AS o
  ON o.room = u.room AND o.weekday = d.weekday AND d.day_at >= o.valid_from AND d.day_at < o.valid_to
  AND u.used_from < o.close_second AND u.ends > o.open_second
WHERE u.used_from < u.ends
