-- Counts by unit and month (a case is a contact of the types of the definition, neither marked as a repeat nor following one), and the median and the ninth
-- decile of the time to close: exact, by rank, cases still open standing last as never closed. Where the rank falls among these, there is no time.
-- Conditions are never NULL: of nothing else COUNT_IF makes 0 on one engine and NULL on the other.
WITH counted AS (
  SELECT
    unit_number,
    YEAR(received_at) * 12 + MONTH(received_at) - 1 AS month_number,
    COUNT_IF((flags & {{main}}) = {{main}}) AS contacts,
    COUNT_IF((flags & ({{main}} + {{keyed}})) = {{main}} + {{keyed}}) AS keyed,
    COUNT_IF((flags & ({{main}} + {{marked}})) = {{main}} + {{marked}}) AS marked,
    COUNT_IF((flags & {{of_case}}) = {{main}}) AS cases,
    COUNT(*) AS contacts_with_help,
    COUNT_IF((flags & ({{marked}} + {{follows_any}})) = 0) AS cases_with_help,
    COUNT_IF((flags & ({{main}} + {{labelled}} + {{marked}} + {{follows_unlabelled}})) = {{main}}) AS cases_unlabelled,
    SUM(CASE WHEN (flags & {{of_case}}) = {{main}} THEN callers ELSE 0 END) AS callers,
    COUNT_IF((flags & ({{of_case}} + {{asked_resolved}})) = {{main}} + {{asked_resolved}}) AS asked_resolved,
    COUNT_IF((flags & ({{of_case}} + {{resolved}})) = {{main}} + {{resolved}}) AS resolved,
    COUNT_IF((flags & ({{of_case}} + {{asked_satisfied}})) = {{main}} + {{asked_satisfied}}) AS asked_satisfied,
    COUNT_IF((flags & ({{of_case}} + {{satisfied}})) = {{main}} + {{satisfied}}) AS satisfied,
    COUNT_IF((flags & ({{of_case}} + {{undated}})) = {{main}}) AS timed,
    COUNT_IF((flags & ({{of_case}} + {{undated}})) = {{main}} AND seconds IS NULL) AS still_open,
    COUNT_IF((flags & ({{of_case}} + {{undated}})) = {{main}} AND COALESCE(seconds <= {{follow_up_seconds}}, FALSE)) AS closed_in_time,
    percentile_cont(5e-1) WITHIN GROUP (ORDER BY CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN COALESCE(seconds, {{never}}) END) AS median,
    percentile_cont(9e-1) WITHIN GROUP (ORDER BY CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN COALESCE(seconds, {{never}}) END) AS decile
  FROM complaint_cases
  WHERE unit_number IS NOT NULL
  GROUP BY unit_number, YEAR(received_at) * 12 + MONTH(received_at) - 1
)
SELECT
  u.unit_id,
  CAST(make_date(CAST(FLOOR(c.month_number / 12e0) AS INT), CAST(c.month_number % 12 AS INT) + 1, 1) AS TIMESTAMP) AS month,
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
  CAST(CASE WHEN c.median < {{never}} / 1000e0 THEN c.median / 3600e0 END AS DOUBLE) AS median_hours,
  CAST(CASE WHEN c.decile < {{never}} / 1000e0 THEN c.decile / 3600e0 END AS DOUBLE) AS p90_hours
FROM counted c
INNER JOIN units u ON c.unit_number = u.unit_number
