-- What became of every row: outside the months, outside the register, without taking part, without a person, or counted.
SELECT rule, CAST(COUNT(*) AS BIGINT) AS events
FROM (
  SELECT
    CASE
      WHEN s.event_at < {{start}} OR s.event_at >= {{until}} THEN 'outside_months'
      WHEN p.unit_id IS NULL THEN 'unplaced'
      WHEN s.role = 'staff' THEN 'role_staff'
      WHEN s.role = 'operator' THEN 'role_operator'
      WHEN s.role = 'enrolled' THEN 'role_enrolled'
      WHEN s.role = 'serves' THEN 'role_serves'
      WHEN s.person_key IS NULL THEN 'head_count'
      ELSE 'counted'
    END AS rule
  FROM signins AS s
  LEFT JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
) AS judged
GROUP BY rule
