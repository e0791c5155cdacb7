-- Counts by unit and month (a case is a contact of the types of the definition, neither marked as a repeat nor following one), and the median and the ninth
-- decile of the time to close: exact, by rank, cases still open last.
WITH counted AS (
  SELECT
    unit_number,
    CAST(date_trunc('month', received_at) AS TIMESTAMP) AS month,
    SUM(CASE WHEN (flags & {{main}}) = {{main}} THEN 1 ELSE 0 END) AS contacts,
    SUM(CASE WHEN (flags & ({{main}} + {{keyed}})) = {{main}} + {{keyed}} THEN 1 ELSE 0 END) AS keyed,
    SUM(CASE WHEN (flags & ({{main}} + {{marked}})) = {{main}} + {{marked}} THEN 1 ELSE 0 END) AS marked,
    SUM(CASE WHEN (flags & {{of_case}}) = {{main}} THEN 1 ELSE 0 END) AS cases,
    COUNT(*) AS contacts_with_help,
    SUM(CASE WHEN (flags & ({{marked}} + {{follows_any}})) = 0 THEN 1 ELSE 0 END) AS cases_with_help,
    SUM(CASE WHEN (flags & ({{main}} + {{labelled}} + {{marked}} + {{follows_unlabelled}})) = {{main}} THEN 1 ELSE 0 END) AS cases_unlabelled,
    SUM(CASE WHEN (flags & {{of_case}}) = {{main}} THEN callers ELSE 0 END) AS callers,
    SUM(CASE WHEN (flags & ({{of_case}} + {{asked_resolved}})) = {{main}} + {{asked_resolved}} THEN 1 ELSE 0 END) AS asked_resolved,
    SUM(CASE WHEN (flags & ({{of_case}} + {{resolved}})) = {{main}} + {{resolved}} THEN 1 ELSE 0 END) AS resolved,
    SUM(CASE WHEN (flags & ({{of_case}} + {{asked_satisfied}})) = {{main}} + {{asked_satisfied}} THEN 1 ELSE 0 END) AS asked_satisfied,
    SUM(CASE WHEN (flags & ({{of_case}} + {{satisfied}})) = {{main}} + {{satisfied}} THEN 1 ELSE 0 END) AS satisfied,
    SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN 1 ELSE 0 END) AS timed,
    SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} AND seconds IS NULL THEN 1 ELSE 0 END) AS still_open,
    SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} AND seconds <= {{follow_up_seconds}} THEN 1 ELSE 0 END) AS closed_in_time
  FROM complaint_cases
  WHERE unit_number IS NOT NULL
  GROUP BY unit_number, CAST(date_trunc('month', received_at) AS TIMESTAMP)
),
timed AS (
  SELECT
    unit_number,
    CAST(date_trunc('month', received_at) AS TIMESTAMP) AS month,
    seconds
  FROM complaint_cases
  WHERE unit_number IS NOT NULL AND (flags & ({{of_case}} + {{undated}})) = {{main}}
),
ranked AS (
  SELECT
    unit_number,
    month,
    seconds,
    ROW_NUMBER() OVER (PARTITION BY unit_number, month ORDER BY seconds NULLS LAST) - 1 AS place_in_row,
    COUNT(*) OVER (PARTITION BY unit_number, month) - 1 AS last_place
  FROM timed
),
located AS (
  SELECT
    unit_number,
    month,
    seconds,
    place_in_row,
    CAST(FLOOR(last_place / 2e0) AS BIGINT) AS median_place,
    (last_place % 2) / 2e0 AS median_rest,
    CAST(FLOOR(last_place * 9 / 10e0) AS BIGINT) AS decile_place,
    ((last_place * 9) % 10) / 10e0 AS decile_rest
  FROM ranked
),
around AS (
  SELECT
    unit_number,
    month,
    MAX(median_rest) AS median_rest,
    MAX(CASE WHEN place_in_row = median_place THEN seconds END) AS median_low,
    MAX(CASE WHEN place_in_row = median_place + 1 THEN seconds END) AS median_high,
    MAX(decile_rest) AS decile_rest,
    MAX(CASE WHEN place_in_row = decile_place THEN seconds END) AS decile_low,
    MAX(CASE WHEN place_in_row = decile_place + 1 THEN seconds END) AS decile_high
  FROM located
  GROUP BY unit_number, month
)
SELECT
  u.unit_id,
  c.month,
  CAST(c.contacts AS BIGINT) AS contacts,
  CAST(c.keyed AS BIGINT) AS keyed,
  CAST(c.marked AS BIGINT) AS marked,
  CAST(c.cases AS BIGINT) AS cases,
  CAST(c.contacts_with_help AS BIGINT) AS contacts_with_help,
  CAST(c.cases_with_help AS BIGINT) AS cases_with_help,
  CAST(c.cases_unlabelled AS BIGINT) AS cases_unlabelled,
  CAST(c.callers AS BIGINT) AS callers,
  CAST(c.asked_resolved AS BIGINT) AS asked_resolved,
  CAST(c.resolved AS BIGINT) AS resolved,
  CAST(c.asked_satisfied AS BIGINT) AS asked_satisfied,
  CAST(c.satisfied AS BIGINT) AS satisfied,
  CAST(c.timed AS BIGINT) AS timed,
  CAST(c.still_open AS BIGINT) AS still_open,
  CAST(c.closed_in_time AS BIGINT) AS closed_in_time,
  CAST(CASE WHEN a.median_rest = 0 THEN a.median_low ELSE a.median_low + a.median_rest * (a.median_high - a.median_low) END / 3600e0 AS DOUBLE)
    AS median_hours,
  CAST(CASE WHEN a.decile_rest = 0 THEN a.decile_low ELSE a.decile_low + a.decile_rest * (a.decile_high - a.decile_low) END / 3600e0 AS DOUBLE)
    AS p90_hours
FROM counted c
INNER JOIN units u ON c.unit_number = u.unit_number
LEFT JOIN around a ON c.unit_number = a.unit_number AND c.month = a.month
