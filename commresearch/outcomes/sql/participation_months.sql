-- One row per unit, person and month, and for attending and serving apart. A person who signs in twice for one event on one day came once.
WITH visits AS (
  SELECT
    unit_id, person_key, role, month, day, event_id,
    MAX(in_0) AS in_0, MAX(in_1) AS in_1, MAX(in_2) AS in_2, MAX(in_3) AS in_3,
    MAX(out_0) AS out_0, MAX(may_be_in) AS may_be_in, MAX(is_child) AS is_child, MAX(is_resident) AS is_resident, MAX(is_visitor) AS is_visitor,
    MAX(tier_id) AS tier_id, MAX(tier_phone) AS tier_phone, MAX(tier_name_birth) AS tier_name_birth
  FROM participation_rows
  GROUP BY unit_id, person_key, role, month, day, event_id
),
person_months AS (
  SELECT
    unit_id, person_key, role, month,
    MAX(in_0) AS in_0, MAX(in_1) AS in_1, MAX(in_2) AS in_2, MAX(in_3) AS in_3,
    MAX(out_0) AS out_0, MAX(is_child) AS is_child, MAX(is_resident) AS is_resident, MAX(is_visitor) AS is_visitor,
    CAST(COUNT(*) AS BIGINT) AS times, CAST(SUM(may_be_in) AS BIGINT) AS times_in_band,
    CAST(SUM(tier_id) AS BIGINT) AS tier_id, CAST(SUM(tier_phone) AS BIGINT) AS tier_phone, CAST(SUM(tier_name_birth) AS BIGINT) AS tier_name_birth
  FROM visits
  GROUP BY unit_id, person_key, role, month
)
SELECT
  unit_id, person_key, role, month, in_0, in_1, in_2, in_3, out_0, is_child, is_resident, is_visitor, times, times_in_band,
  tier_id, tier_phone, tier_name_birth,
  LAG(month) OVER (PARTITION BY unit_id, person_key, role ORDER BY month) AS month_before,
  cr_bucket(unit_id, {{buckets}}) AS bucket
FROM person_months
