-- Visits by room and day: the door counter's where there is one that day, otherwise the head counts of bookings that were used; and how many rows there are.
WITH entries AS (
  SELECT room, CAST(start_at AS DATE) AS day, 1 AS is_counter, persons AS visits
  FROM counters
  WHERE end_at >= start_at AND start_at >= {{start}} AND start_at < {{until}}
  UNION ALL
  SELECT
    room, CAST(start_at AS DATE) AS day, 0 AS is_counter,
    CASE WHEN NOT COALESCE(is_cancelled, FALSE) AND COALESCE(is_used, headcount > 0, FALSE) THEN COALESCE(headcount, 0) ELSE 0 END AS visits
  FROM bookings
  WHERE end_at >= start_at AND start_at >= {{start}} AND start_at < {{until}}
)
SELECT
  room, day,
  CAST(COUNT(*) AS BIGINT) AS entries,
  CAST(CASE WHEN MAX(is_counter) = 1 THEN SUM(is_counter * visits) ELSE SUM(visits) END AS BIGINT) AS visits
FROM entries
GROUP BY room, day
