-- Bookings that were not cancelled, and counts above zero, cut at midnight, in seconds of their day.
WITH intervals AS (
  SELECT room, start_at, end_at, is_booking, COALESCE(is_used, FALSE) AS is_used, may_be_used
  FROM space_entries
  WHERE room IS NOT NULL AND NOT is_cancelled AND (is_booking OR is_used) AND end_at > start_at AND start_at < {{until}} AND end_at > {{start}}
)
SELECT
  room, CAST(start_at AS DATE) AS day,
  cr_seconds(CAST(CAST(start_at AS DATE) AS TIMESTAMP), start_at) AS starts,
  cr_seconds(CAST(CAST(start_at AS DATE) AS TIMESTAMP), end_at) AS ends,
  is_booking, is_used, may_be_used, cr_bucket(room, {{buckets}}) AS bucket
FROM intervals
WHERE CAST(start_at AS DATE) = CAST(end_at AS DATE)
UNION ALL
SELECT
  i.room, d.day,
  CASE WHEN i.start_at > d.day_at THEN cr_seconds(d.day_at, i.start_at) ELSE 0 END AS starts,
  CASE WHEN i.end_at < d.next_at THEN cr_seconds(d.day_at, i.end_at) ELSE 86400 END AS ends,
  i.is_booking, i.is_used, i.may_be_used, cr_bucket(i.room, {{buckets}}) AS bucket
FROM intervals AS i
JOIN days AS d ON i.start_at < d.next_at AND i.end_at > d.day_at
WHERE CAST(i.start_at AS DATE) < CAST(i.end_at AS DATE)
