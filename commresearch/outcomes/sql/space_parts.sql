-- Bookings that were not cancelled, and counts above zero, cut at midnight, in seconds of their day: the days on which they begin and end, and those between.
WITH intervals AS (
  SELECT
    room, start_at, end_at, CAST(start_at AS DATE) AS first_day, CAST(end_at AS DATE) AS last_day, is_booking, COALESCE(is_used, FALSE) AS is_used, may_be_used,
    cr_bucket(room, {{buckets}}) AS bucket
  FROM space_entries
  WHERE room IS NOT NULL AND NOT is_cancelled AND (is_booking OR is_used) AND end_at > start_at AND start_at < {{until}} AND end_at > {{start}}
)
SELECT
  room, first_day AS day, cr_seconds(CAST(first_day AS TIMESTAMP), start_at) AS starts,
  CASE WHEN first_day = last_day THEN cr_seconds(CAST(first_day AS TIMESTAMP), end_at) ELSE 86400 END AS ends,
  is_booking, is_used, may_be_used, bucket
FROM intervals
UNION ALL
SELECT
  i.room, d.day, 0 AS starts, 86400 AS ends, i.is_booking, i.is_used, i.may_be_used, i.bucket
FROM intervals AS i
JOIN days AS d ON d.day_at > i.start_at AND d.next_at <= i.end_at
WHERE cr_seconds(i.start_at, i.end_at) >= 86400
UNION ALL
SELECT
  room, last_day AS day, 0 AS starts, cr_seconds(CAST(last_day AS TIMESTAMP), end_at) AS ends, is_booking, is_used, may_be_used, bucket
FROM intervals
WHERE first_day < last_day AND end_at > CAST(last_day AS TIMESTAMP)
