-- Every sign-in of somebody who attended or served, with the unit of the event, and what is known of age and home on that day.
-- A home that is a unit of the register decides who is a resident; otherwise what was written down does.
WITH placed AS (
  SELECT
    p.unit_id,
    s.event_id,
    s.event_at,
    s.person_key,
    s.person_tier,
    COALESCE(s.role, 'attends') AS role,
    s.age_low,
    s.age_high,
    CASE
      WHEN h.unit_id IS NOT NULL AND h.unit_id = p.unit_id THEN 'resident'
      WHEN h.unit_id IS NOT NULL THEN 'visitor'
      WHEN s.is_resident THEN 'resident'
      WHEN NOT s.is_resident THEN 'visitor'
      ELSE 'unknown'
    END AS residence
  FROM signins AS s
  JOIN places AS p ON p.place = s.place AND s.event_at >= p.valid_from AND s.event_at < p.valid_to
  LEFT JOIN places AS h ON h.place = s.home AND s.event_at >= h.valid_from AND s.event_at < h.valid_to
  WHERE s.event_at >= {{history_from}} AND s.event_at < {{until}} AND s.person_key IS NOT NULL
)
SELECT
  unit_id,
  event_id,
  CAST(event_at AS DATE) AS day,
  CAST(date_trunc('month', event_at) AS TIMESTAMP) AS month,
  person_key,
  role,
  CASE WHEN age_low >= {{low_0}} AND age_high <= {{high_0}} THEN 1 ELSE 0 END AS in_0,
  CASE WHEN age_low >= {{low_1}} AND age_high <= {{high_1}} THEN 1 ELSE 0 END AS in_1,
  CASE WHEN age_low >= {{low_2}} AND age_high <= {{high_2}} THEN 1 ELSE 0 END AS in_2,
  CASE WHEN age_low >= {{low_3}} AND age_high <= {{high_3}} THEN 1 ELSE 0 END AS in_3,
  CASE WHEN age_low > {{high_0}} OR age_high < {{low_0}} THEN 1 ELSE 0 END AS out_0,
  CASE WHEN age_low > {{high_0}} OR age_high < {{low_0}} THEN 0 ELSE 1 END AS may_be_in,
  CASE WHEN age_high < {{low_0}} THEN 1 ELSE 0 END AS is_child,
  CASE WHEN residence = 'resident' THEN 1 ELSE 0 END AS is_resident,
  CASE WHEN residence = 'visitor' THEN 1 ELSE 0 END AS is_visitor,
  CASE WHEN person_tier = 'id' THEN 1 ELSE 0 END AS tier_id,
  CASE WHEN person_tier = 'phone' THEN 1 ELSE 0 END AS tier_phone,
  CASE WHEN person_tier = 'name_birth' THEN 1 ELSE 0 END AS tier_name_birth,
  cr_bucket(person_key, {{buckets}}) AS bucket
FROM placed
WHERE role IN ('attends', 'serves')
