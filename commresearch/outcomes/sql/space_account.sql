-- What became of every booking and every interval of a door counter.
SELECT rule, CAST(COUNT(*) AS BIGINT) AS events
FROM (
  SELECT
    CASE
      WHEN e.end_at < e.start_at THEN 'end_before_start'
      WHEN e.end_at <= {{start}} OR e.start_at >= {{until}} THEN 'outside_months'
      WHEN e.is_ambiguous THEN 'room_name_ambiguous'
      WHEN r.room IS NULL AND g.room IS NOT NULL THEN 'room_without_unit'
      WHEN r.room IS NULL THEN 'room_not_registered'
      WHEN r.room_class = 'office' THEN 'room_office'
      WHEN r.room_class = 'corridor' THEN 'room_corridor'
      WHEN r.room_class = 'plant' THEN 'room_plant'
      WHEN e.is_cancelled THEN 'booking_cancelled'
      WHEN e.is_used IS NULL THEN 'booking_use_unknown'
      WHEN e.is_used THEN 'counted'
      WHEN e.is_booking THEN 'booking_not_used'
      ELSE 'counter_zero'
    END AS rule
  FROM space_entries AS e
  LEFT JOIN space_rooms AS r ON r.room = e.room AND CAST(e.start_at AS DATE) >= r.valid_from AND CAST(e.start_at AS DATE) < r.valid_to
  LEFT JOIN rooms AS g
    ON g.room = e.room AND CAST(e.start_at AS DATE) >= COALESCE(g.valid_from, DATE '0001-01-01')
    AND CAST(e.start_at AS DATE) < COALESCE(g.valid_to, DATE '9999-12-31')
) AS judged
GROUP BY rule
