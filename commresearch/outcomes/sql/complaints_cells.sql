-- Counts by unit and month, for contacts without a unit by what is written as their place (a case is a contact of the types of the definition, neither marked
-- as a repeat nor following one), and the median and the ninth decile of the time to close: exact, by rank, cases still open standing last as never closed.
SELECT
  unit_number,
  place_number,
  CAST(date_trunc('month', received_at) AS TIMESTAMP) AS month,
  CAST(SUM(CASE WHEN (flags & {{main}}) = {{main}} THEN 1 ELSE 0 END) AS BIGINT) AS contacts,
  CAST(MIN(CASE WHEN (flags & {{main}}) = {{main}} THEN received_at END) AS TIMESTAMP) AS first,
  CAST(MAX(CASE WHEN (flags & {{main}}) = {{main}} THEN received_at END) AS TIMESTAMP) AS last,
  CAST(SUM(CASE WHEN (flags & ({{main}} + {{keyed}})) = {{main}} + {{keyed}} THEN 1 ELSE 0 END) AS BIGINT) AS keyed,
  CAST(SUM(CASE WHEN (flags & ({{main}} + {{marked}})) = {{main}} + {{marked}} THEN 1 ELSE 0 END) AS BIGINT) AS marked,
  CAST(SUM(CASE WHEN (flags & {{of_case}}) = {{main}} THEN 1 ELSE 0 END) AS BIGINT) AS cases,
  CAST(COUNT(*) AS BIGINT) AS contacts_with_help,
  CAST(SUM(CASE WHEN (flags & ({{marked}} + {{follows_any}})) = 0 THEN 1 ELSE 0 END) AS BIGINT) AS cases_with_help,
  CAST(SUM(CASE WHEN (flags & ({{main}} + {{labelled}} + {{marked}} + {{follows_unlabelled}})) = {{main}} THEN 1 ELSE 0 END) AS BIGINT) AS cases_unlabelled,
  CAST(SUM(CASE WHEN (flags & {{of_case}}) = {{main}} THEN callers ELSE 0 END) AS BIGINT) AS callers,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{asked_resolved}})) = {{main}} + {{asked_resolved}} THEN 1 ELSE 0 END) AS BIGINT) AS asked_resolved,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{resolved}})) = {{main}} + {{resolved}} THEN 1 ELSE 0 END) AS BIGINT) AS resolved,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{asked_satisfied}})) = {{main}} + {{asked_satisfied}} THEN 1 ELSE 0 END) AS BIGINT) AS asked_satisfied,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{satisfied}})) = {{main}} + {{satisfied}} THEN 1 ELSE 0 END) AS BIGINT) AS satisfied,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN 1 ELSE 0 END) AS BIGINT) AS timed,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} AND seconds IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS still_open,
  CAST(SUM(CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} AND seconds <= {{follow_up_seconds}} THEN 1 ELSE 0 END) AS BIGINT) AS closed_in_time,
  percentile_cont(5e-1) WITHIN GROUP (ORDER BY CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN COALESCE(seconds, {{never}}) END) AS median_seconds,
  percentile_cont(9e-1) WITHIN GROUP (ORDER BY CASE WHEN (flags & ({{of_case}} + {{undated}})) = {{main}} THEN COALESCE(seconds, {{never}}) END) AS decile_seconds
FROM complaint_cases
GROUP BY unit_number, place_number, CAST(date_trunc('month', received_at) AS TIMESTAMP)
