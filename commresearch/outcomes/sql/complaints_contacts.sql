-- Contacts that may be counted, from repeat_days before the period on, as narrow as can be: tickets, places, topics and callers are numbers, and what is true
-- of it stands in the bits of another. A contact without a caller has a number below zero, that of its ticket: no copy of it has another, nor any other contact
-- that one. Callers stay together; nobody else's rows are needed to fold theirs.
WITH eligible AS (
  SELECT
    CASE WHEN t.ticket_id IS NOT NULL THEN cr_bucket(t.ticket_id, {{numbers}}) END AS ticket,
    t.received_at,
    CASE WHEN t.closed_at >= t.received_at THEN cr_seconds(t.received_at, t.closed_at) END AS seconds,
    pn.place_number,
    tn.topic_number,
    CASE
      WHEN t.caller_key IS NOT NULL THEN cr_bucket(t.caller_key, {{numbers}})
      WHEN t.ticket_id IS NOT NULL THEN -1 - cr_bucket(t.ticket_id, {{numbers}})
    END AS caller,
    CAST(LEAST(GREATEST(COALESCE(t.callers, 1), 0), 2000000000) AS INT) AS callers,
    CASE WHEN ty.is_main THEN {{main}} ELSE 0 END
      + CASE WHEN t.is_repeat OR t.repeat_of <> t.ticket_id THEN {{marked}} ELSE 0 END
      + CASE WHEN t.handling IS NOT NULL THEN {{labelled}} ELSE 0 END
      + CASE WHEN (t.closed_at IS NULL AND t.status = 'closed') OR t.closed_at < t.received_at THEN {{undated}} ELSE 0 END
      + CASE WHEN t.caller_key IS NOT NULL THEN {{keyed}} ELSE 0 END
      + CASE WHEN t.is_reached = FALSE OR t.is_resolved IS NULL THEN 0 WHEN t.is_resolved THEN {{asked_resolved}} + {{resolved}} ELSE {{asked_resolved}} END
      + CASE WHEN t.is_reached = FALSE OR t.is_satisfied IS NULL THEN 0 WHEN t.is_satisfied THEN {{asked_satisfied}} + {{satisfied}} ELSE {{asked_satisfied}} END
      AS flags
  FROM tickets t
  INNER JOIN ticket_types ty ON t.type = ty.type
  LEFT JOIN complaint_places pn ON t.place = pn.place
  LEFT JOIN complaint_topics tn ON t.topic = tn.topic
  LEFT JOIN ticket_topics tp ON t.topic = tp.topic
  WHERE t.received_at >= {{window_start}}
    AND t.received_at < {{end}}
    AND ({{all_topics}} OR tp.topic IS NOT NULL)
    AND COALESCE(t.status, 'open') NOT IN ('withdrawn', 'test')
    AND NOT COALESCE(t.is_outside, FALSE)
)
SELECT
  ticket,
  received_at,
  seconds,
  place_number,
  topic_number,
  caller,
  callers,
  CAST(flags AS SMALLINT) AS flags,
  ABS(COALESCE(caller, 0)) % {{buckets}} AS bucket
FROM eligible
