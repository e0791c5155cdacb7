-- Every ticket by the rule that sets it aside, or none; one line per rule.
WITH judged AS (
  SELECT
    CASE
      WHEN t.received_at < {{start}} OR t.received_at >= {{end}} THEN 'outside_period'
      WHEN ty.type IS NULL OR NOT ty.is_main THEN concat('type_', t.type)
      WHEN NOT {{all_topics}} AND tp.topic IS NULL THEN 'other_topic'
      WHEN t.status = 'withdrawn' THEN 'withdrawn'
      WHEN t.status = 'test' THEN 'test'
      WHEN t.is_outside THEN 'outside_area'
      ELSE 'eligible'
    END AS rule,
    t.received_at,
    t.closed_at
  FROM tickets t
  LEFT JOIN ticket_types ty ON t.type = ty.type
  LEFT JOIN ticket_topics tp ON t.topic = tp.topic
)
SELECT
  rule,
  CAST(COUNT(*) AS BIGINT) AS events,
  CAST(MAX(received_at) AS TIMESTAMP) AS last_received,
  CAST(MAX(closed_at) AS TIMESTAMP) AS last_closed
FROM judged
GROUP BY rule
ORDER BY rule
