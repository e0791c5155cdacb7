-- Visits by room and day: the door counter's where there is one that day, otherwise the head counts of bookings that were used. Beside them how many rows
-- there are, how many of them tell of use, and of how many visits nothing is said.
WITH entries AS (
  SELECT
    room, CAST(start_at AS DATE) AS day,
    CASE WHEN is_booking THEN 0 ELSE 1 END AS is_counter,
    CASE WHEN NOT is_cancelled AND is_used THEN 1 ELSE 0 END AS is_counted,
    CASE WHEN may_be_used AND persons IS NULL THEN 1 ELSE 0 END AS is_untold,
    CASE WHEN NOT is_cancelled AND is_used THEN COALESCE(persons, 0) ELSE 0 END AS visits
  FROM space_entries
  WHERE room IS NOT NULL AND end_at >= start_at AND start_at >= {{start}} AND start_at < {{until}}
)
SELECT
  room, day,
  CAST(COUNT(*) AS BIGINT) AS entries,
  CAST(SUM(is_counted) AS BIGINT) AS counted,
  CAST(CASE WHEN MAX(is_counter) = 1 THEN 0 ELSE SUM(is_untold) END AS BIGINT) AS visits_untold,
  CAST(CASE WHEN MAX(is_counter) = 1 THEN SUM(is_counter * visits) ELSE SUM(visits) END AS BIGINT) AS visits
FROM entries
GROUP BY room, day
