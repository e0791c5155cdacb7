-- What became of every booking and every interval of a door counter.
SELECT rule, CAST(COUNT(*) AS BIGINT) AS events
FROM (
  SELECT
    CASE
      WHEN b.end_at < b.start_at THEN 'end_before_start'
      WHEN b.end_at <= {{start}} OR b.start_at >= {{until}} THEN 'outside_months'
      WHEN r.room IS NULL THEN 'room_not_registered'
      WHEN r.room_class = 'office' THEN 'room_office'
      WHEN r.room_class = 'corridor' THEN 'room_corridor'
      WHEN r.room_class = 'plant' THEN 'room_plant'
      WHEN COALESCE(b.is_cancelled, FALSE) THEN 'booking_cancelled'
      WHEN b.is_used IS NULL AND b.headcount IS NULL THEN 'booking_use_unknown'
      WHEN NOT COALESCE(b.is_used, b.headcount > 0) THEN 'booking_not_used'
      ELSE 'counted'
    END AS rule
  FROM bookings AS b
  LEFT JOIN space_rooms AS r ON r.room = b.room AND CAST(b.start_at AS DATE) >= r.valid_from AND CAST(b.start_at AS DATE) < r.valid_to
  UNION ALL
  SELECT
    CASE
      WHEN c.end_at < c.start_at THEN 'end_before_start'
      WHEN c.end_at <= {{start}} OR c.start_at >= {{until}} THEN 'outside_months'
      WHEN r.room IS NULL THEN 'room_not_registered'
      WHEN r.room_class = 'office' THEN 'room_office'
      WHEN r.room_class = 'corridor' THEN 'room_corridor'
      WHEN r.room_class = 'plant' THEN 'room_plant'
      WHEN c.persons <= 0 THEN 'counter_zero'
      ELSE 'counted'
    END AS rule
  FROM counters AS c
  LEFT JOIN space_rooms AS r ON r.room = c.room AND CAST(c.start_at AS DATE) >= r.valid_from AND CAST(c.start_at AS DATE) < r.valid_to
) AS judged
GROUP BY rule
