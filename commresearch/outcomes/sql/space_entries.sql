-- Bookings and intervals of door counters with the room of the register that each names, and whether somebody was there: missing where nothing tells.
-- What was marked afterwards says whether a booking was used, otherwise its head count does; a booking alone says nothing, and may have been used
-- unless a door counter of the room was running that day, which tells of use by itself.
WITH named AS (
  SELECT
    e.written, n.room, COALESCE(n.is_ambiguous, FALSE) AS is_ambiguous, e.start_at, e.end_at, e.is_booking, e.is_cancelled, e.is_used, e.persons
  FROM (
    SELECT
      room AS written, start_at, end_at, TRUE AS is_booking, COALESCE(is_cancelled, FALSE) AS is_cancelled,
      COALESCE(is_used, headcount > 0) AS is_used, headcount AS persons
    FROM bookings
    UNION ALL
    SELECT room AS written, start_at, end_at, FALSE AS is_booking, FALSE AS is_cancelled, persons > 0 AS is_used, persons
    FROM counters
  ) AS e
  LEFT JOIN room_names AS n ON n.written = e.written AND e.start_at >= n.valid_from AND e.start_at < n.valid_to
),
counted_days AS (
  SELECT DISTINCT room, CAST(start_at AS DATE) AS day FROM named WHERE NOT is_booking
)
SELECT
  e.written, e.room, e.is_ambiguous, e.start_at, e.end_at, e.is_booking, e.is_cancelled, e.is_used, e.persons,
  COALESCE(e.is_used, c.room IS NULL) AND NOT e.is_cancelled AS may_be_used
FROM named AS e
LEFT JOIN counted_days AS c ON c.room = e.room AND c.day = CAST(e.start_at AS DATE)
