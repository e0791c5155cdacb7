-- Sums by unit, month, class of room and set: what was used, and what could have been on the days on which the room was on the register.
-- Days are counted from Monday 5 January 1970; of the days before day n, FLOOR((n + 7 - w) / 7) fall on weekday w (1 Monday ... 7), less a constant.
WITH room_months AS (
  SELECT
    r.room, r.unit_id, r.room_class, r.area_m2, r.is_fixed, m.month,
    cr_seconds(TIMESTAMP '1970-01-05 00:00:00', GREATEST(m.month, CAST(r.valid_from AS TIMESTAMP))) / 86400 AS from_day,
    cr_seconds(TIMESTAMP '1970-01-05 00:00:00', LEAST(m.next_month, CAST(r.valid_to AS TIMESTAMP))) / 86400 AS to_day
  FROM space_rooms AS r
  JOIN months AS m ON CAST(r.valid_from AS TIMESTAMP) < m.next_month AND CAST(r.valid_to AS TIMESTAMP) > m.month
),
open_months AS (
  SELECT
    r.unit_id, r.month, r.room_class, r.is_fixed, o.close_second - o.open_second AS seconds, o.weekday,
    GREATEST(r.from_day, cr_seconds(TIMESTAMP '1970-01-05 00:00:00', o.valid_from) / 86400) AS from_day,
    LEAST(r.to_day, cr_seconds(TIMESTAMP '1970-01-05 00:00:00', o.valid_to) / 86400) AS to_day
  FROM room_months AS r
  JOIN open_spans AS o ON o.room = r.room
),
of_days AS (
  SELECT
    room, day, used, possible, used_at_any_time, booked, booked_twice, used_open, 0 AS visits, 0 AS visits_untold, 0 AS entries, 0 AS counted
  FROM space_room_days
  UNION ALL
  SELECT
    room, day, 0 AS used, 0 AS possible, 0 AS used_at_any_time, 0 AS booked, 0 AS booked_twice, 0 AS used_open, visits, visits_untold, entries, counted
  FROM space_visits
),
parts AS (
  SELECT
    r.unit_id, d.month, r.room_class, r.is_fixed, u.used, u.possible, u.used_at_any_time, u.booked, u.booked_twice, u.used_open, u.visits,
    u.visits_untold, u.entries, u.counted,
    CASE WHEN r.area_m2 IS NULL THEN 0 ELSE u.visits END AS visits_with_area,
    COALESCE(r.area_m2, 0e0) * u.used AS used_area, COALESCE(r.area_m2, 0e0) * u.possible AS possible_area,
    0 AS room_days, 0 AS room_days_without_area, 0e0 AS area_days, 0 AS open_seconds
  FROM of_days AS u
  JOIN days AS d ON d.day = u.day
  JOIN space_rooms AS r ON r.room = u.room AND u.day >= r.valid_from AND u.day < r.valid_to
  UNION ALL
  SELECT
    unit_id, month, room_class, is_fixed, 0 AS used, 0 AS possible, 0 AS used_at_any_time, 0 AS booked, 0 AS booked_twice, 0 AS used_open, 0 AS visits,
    0 AS visits_untold, 0 AS entries, 0 AS counted, 0 AS visits_with_area, 0e0 AS used_area, 0e0 AS possible_area,
    CAST(to_day - from_day AS BIGINT) AS room_days,
    CAST(CASE WHEN area_m2 IS NULL THEN to_day - from_day ELSE 0 END AS BIGINT) AS room_days_without_area,
    COALESCE(area_m2, 0e0) * (to_day - from_day) AS area_days, 0 AS open_seconds
  FROM room_months
  UNION ALL
  SELECT
    unit_id, month, room_class, is_fixed, 0 AS used, 0 AS possible, 0 AS used_at_any_time, 0 AS booked, 0 AS booked_twice, 0 AS used_open, 0 AS visits,
    0 AS visits_untold, 0 AS entries, 0 AS counted, 0 AS visits_with_area, 0e0 AS used_area, 0e0 AS possible_area,
    0 AS room_days, 0 AS room_days_without_area, 0e0 AS area_days,
    SUM(seconds * CAST(FLOOR((to_day + 7 - weekday) / 7e0) - FLOOR((from_day + 7 - weekday) / 7e0) AS BIGINT)) AS open_seconds
  FROM open_months
  WHERE from_day < to_day
  GROUP BY unit_id, month, room_class, is_fixed
)
SELECT
  unit_id, month, room_class, is_fixed,
  CAST(SUM(room_days) AS BIGINT) AS room_days,
  CAST(SUM(used) AS BIGINT) AS used,
  CAST(SUM(possible) AS BIGINT) AS possible,
  CAST(SUM(used_at_any_time) AS BIGINT) AS used_at_any_time,
  CAST(SUM(booked) AS BIGINT) AS booked,
  CAST(SUM(booked_twice) AS BIGINT) AS booked_twice,
  CAST(SUM(used_open) AS BIGINT) AS used_open,
  CAST(SUM(open_seconds) AS BIGINT) AS open_seconds,
  CAST(SUM(used_area) AS DOUBLE) AS used_area,
  CAST(SUM(possible_area) AS DOUBLE) AS possible_area,
  CAST(SUM(area_days) AS DOUBLE) AS area_days,
  CAST(SUM(visits) AS BIGINT) AS visits,
  CAST(SUM(visits_with_area) AS BIGINT) AS visits_with_area,
  CAST(SUM(visits_untold) AS BIGINT) AS visits_untold,
  CAST(SUM(entries) AS BIGINT) AS entries,
  CAST(SUM(counted) AS BIGINT) AS counted,
  CAST(SUM(room_days_without_area) AS BIGINT) AS room_days_without_area
FROM parts
GROUP BY unit_id, month, room_class, is_fixed
