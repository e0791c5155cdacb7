-- Contacts that may be counted, from repeat_days before the period on. Callers stay together; nobody else's rows are needed to fold theirs.
SELECT
  t.ticket_id,
  t.received_at,
  CASE WHEN t.closed_at >= t.received_at THEN cr_seconds(t.received_at, t.closed_at) END AS seconds,
  (t.closed_at IS NULL AND t.status = 'closed') OR COALESCE(t.closed_at < t.received_at, FALSE) AS is_undated,
  t.place,
  t.topic,
  t.caller_key,
  ty.is_main,
  COALESCE(t.is_repeat, FALSE) OR COALESCE(t.repeat_of <> t.ticket_id, FALSE) AS is_marked,
  COALESCE(t.callers, 1) AS callers,
  t.handling IS NOT NULL AS is_labelled,
  COALESCE(t.is_reached, TRUE) AS is_reached,
  t.is_resolved,
  t.is_satisfied,
  cr_bucket(COALESCE(t.caller_key, t.ticket_id), {{buckets}}) AS bucket
FROM tickets t
INNER JOIN ticket_types ty ON t.type = ty.type
LEFT JOIN ticket_topics tp ON t.topic = tp.topic
WHERE t.received_at >= {{window_start}}
  AND t.received_at < {{end}}
  AND ({{all_topics}} OR tp.topic IS NOT NULL)
  AND COALESCE(t.status, 'open') NOT IN ('withdrawn', 'test')
  AND NOT COALESCE(t.is_outside, FALSE)
