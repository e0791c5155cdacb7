-- Distinct persons by unit and period. Months, quarters and years are each counted anew from persons: they never add up.
WITH persons AS (
  SELECT
    m.unit_id, m.person_key, m.role, p.period, p.first_month,
    MAX(m.in_0) AS in_0, MAX(m.in_1) AS in_1, MAX(m.in_2) AS in_2, MAX(m.in_3) AS in_3,
    MAX(m.out_0) AS out_0, MAX(m.is_child) AS is_child, MAX(m.is_resident) AS is_resident, MAX(m.is_visitor) AS is_visitor,
    SUM(m.times) AS times, SUM(m.times_in_band) AS times_in_band,
    SUM(m.tier_id) AS tier_id, SUM(m.tier_phone) AS tier_phone, SUM(m.tier_name_birth) AS tier_name_birth,
    MAX(CASE WHEN m.month_before >= p.history_from AND m.month_before < p.first_month THEN 1 ELSE 0 END) AS came_before
  FROM participation_months AS m
  JOIN periods AS p ON p.month = m.month
  GROUP BY m.unit_id, m.person_key, m.role, p.period, p.first_month
),
judged AS (
  SELECT
    unit_id, person_key, period, first_month, in_1, in_2, in_3, is_child, is_resident, is_visitor, times, times_in_band,
    tier_id, tier_phone, tier_name_birth, came_before, in_0,
    CASE WHEN role = 'attends' THEN 1 ELSE 0 END AS attends,
    CASE WHEN in_0 = 0 AND out_0 = 0 THEN 1 ELSE 0 END AS is_unclear,
    CASE WHEN role = 'attends' AND in_0 = 1 AND is_resident = 1 THEN 1 ELSE 0 END AS counts
  FROM persons
),
ranked AS (
  SELECT
    j.*,
    ROW_NUMBER() OVER (PARTITION BY unit_id, period, first_month, counts ORDER BY times_in_band DESC NULLS LAST, person_key) AS place_in_order,
    COUNT(*) OVER (PARTITION BY unit_id, period, first_month, counts) AS in_order
  FROM judged AS j
)
SELECT
  unit_id, period, first_month,
  CAST(SUM(counts) AS BIGINT) AS persons,
  CAST(SUM(counts * times_in_band) AS BIGINT) AS person_times_in_band,
  CAST(SUM(CASE WHEN times_in_band >= 2 THEN counts ELSE 0 END) AS BIGINT) AS repeating,
  CAST(SUM(CASE WHEN place_in_order * 10 < in_order + 10 THEN counts * times_in_band ELSE 0 END) AS BIGINT) AS times_of_top_tenth,
  CAST(SUM(counts * (1 - came_before)) AS BIGINT) AS new_persons,
  CAST(SUM(attends * is_resident * in_1) AS BIGINT) AS persons_1,
  CAST(SUM(attends * is_resident * in_2) AS BIGINT) AS persons_2,
  CAST(SUM(attends * is_resident * in_3) AS BIGINT) AS persons_3,
  CAST(SUM(CASE WHEN is_resident = 0 AND is_visitor = 1 THEN attends * in_0 ELSE 0 END) AS BIGINT) AS visitors,
  CAST(SUM(CASE WHEN is_resident = 0 AND is_visitor = 0 THEN attends * in_0 ELSE 0 END) AS BIGINT) AS residence_unknown_in_band,
  CAST(SUM(attends * is_child * (1 - in_0)) AS BIGINT) AS children,
  CAST(SUM((1 - attends) * in_0 * is_resident) AS BIGINT) AS serving,
  CAST(SUM(CASE WHEN is_resident = 1 OR is_visitor = 0 THEN attends ELSE 0 END) AS BIGINT) AS may_be_residents,
  CAST(SUM(CASE WHEN is_resident = 1 OR is_visitor = 0 THEN attends * is_unclear ELSE 0 END) AS BIGINT) AS age_unclear,
  CAST(SUM(CASE WHEN is_resident = 0 AND is_visitor = 0 THEN attends ELSE 0 END) AS BIGINT) AS residence_unknown,
  CAST(SUM(CASE WHEN is_resident = 1 OR is_visitor = 0 THEN attends * (in_0 + is_unclear) ELSE 0 END) AS BIGINT) AS persons_upper,
  CAST(SUM(attends * times) AS BIGINT) AS person_times,
  CAST(SUM(attends * tier_id) AS BIGINT) AS tier_id,
  CAST(SUM(attends * tier_phone) AS BIGINT) AS tier_phone,
  CAST(SUM(attends * tier_name_birth) AS BIGINT) AS tier_name_birth
FROM ranked
GROUP BY unit_id, period, first_month
