-- Every ticket by the rule that sets it aside, or none; one line per rule. Rows that are alike are judged together.
WITH alike AS (
  SELECT
    received_at < {{start}} OR received_at >= {{end}} AS is_outside_period,
    type,
    CASE WHEN NOT {{all_topics}} THEN topic END AS topic,
    status,
    is_outside,
    COUNT(*) AS events,
    MAX(received_at) AS last_received,
    MAX(closed_at) AS last_closed
  FROM tickets
  GROUP BY received_at < {{start}} OR received_at >= {{end}}, type, CASE WHEN NOT {{all_topics}} THEN topic END, status, is_outside
),
judged AS (
  SELECT
    CASE
      WHEN a.is_outside_period THEN 'outside_period'
      WHEN ty.type IS NULL OR NOT ty.is_main THEN concat('type_', COALESCE(a.type, ''))
      WHEN NOT {{all_topics}} AND tp.topic IS NULL THEN 'other_topic'
      WHEN a.status = 'withdrawn' THEN 'withdrawn'
      WHEN a.status = 'test' THEN 'test'
      WHEN a.is_outside THEN 'outside_area'
      ELSE 'eligible'
    END AS rule,
    a.events,
    a.last_received,
    a.last_closed
  FROM alike a
  LEFT JOIN ticket_types ty ON a.type = ty.type
  LEFT JOIN ticket_topics tp ON a.topic = tp.topic
)
SELECT
  rule,
  CAST(SUM(events) AS BIGINT) AS events,
  CAST(MAX(last_received) AS TIMESTAMP) AS last_received,
  CAST(MAX(last_closed) AS TIMESTAMP) AS last_closed
FROM judged
GROUP BY rule
ORDER BY rule
