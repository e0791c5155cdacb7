-- Square metres in service and on the register on the last day of each month. A room without a first day of service has been in service all along.
WITH month_ends AS (
  SELECT month, MAX(day) AS last_day FROM days GROUP BY month
)
SELECT
  r.unit_id, m.month, r.room_class,
  CAST(SUM(r.area_m2) AS DOUBLE) AS registered,
  CAST(SUM(CASE WHEN COALESCE(r.in_service_from, DATE '0001-01-01') <= m.last_day AND COALESCE(r.in_service_to, DATE '9999-12-31') > m.last_day THEN r.area_m2 ELSE 0.0e0 END) AS DOUBLE) AS in_service,
  CAST(SUM(CASE WHEN r.area_m2 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS rooms_without_area
FROM space_rooms AS r
JOIN month_ends AS m ON m.last_day >= r.valid_from AND m.last_day < r.valid_to
GROUP BY r.unit_id, m.month, r.room_class
