-- Contacts of the period with their unit, and whether each is a case of its own: among the types of the definition, with requests for help beside them,
-- and without what was labelled after handling.
-- Most callers call once: only contacts that share a caller are put in order. Of few of these a ticket is there twice, or a contact names several persons:
-- copies are one contact; a collective case has the most callers that any copy of its ticket, or any contact that is folded into it, names: they
-- name the same persons again. Contacts that share no caller are a branch of their own: one condition for both kinds would join every row. Of contacts of
-- one second those with the official mark of a repeat come last (its bit is the highest of the given ones).
WITH plain AS (
  SELECT
    MAX(CASE WHEN (c.flags & {{main}}) > 0 THEN c.received_at END) OVER before_it AS previous_main,
    MAX(c.received_at) OVER before_it AS previous_any,
    MAX(CASE WHEN (c.flags & ({{main}} + {{labelled}})) = {{main}} THEN c.received_at END) OVER before_it AS previous_unlabelled,
    c.received_at, c.seconds, c.place_number, c.callers, c.flags
  FROM complaint_contacts c
  INNER JOIN complaint_several s ON c.caller = s.caller
  WHERE NOT s.is_intricate
  WINDOW before_it AS (
    PARTITION BY c.caller, c.topic_number, c.place_number ORDER BY c.received_at, c.flags, c.seconds NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),
numbered AS (
  SELECT
    c.*,
    ROW_NUMBER() OVER (
      PARTITION BY c.ticket, c.caller
      ORDER BY
        c.received_at, c.seconds NULLS LAST, c.flags & {{undated}}, c.place_number NULLS LAST, c.topic_number NULLS LAST, c.flags & {{main}},
        c.flags & {{marked}}, c.callers, c.flags & {{labelled}}, CASE WHEN (c.flags & {{asked_resolved}}) > 0 THEN 0 ELSE 1 END, c.flags & {{resolved}},
        CASE WHEN (c.flags & {{asked_satisfied}}) > 0 THEN 0 ELSE 1 END, c.flags & {{satisfied}}
    ) AS copy,
    MAX(c.callers) OVER (PARTITION BY c.ticket, c.caller) AS most_callers
  FROM complaint_contacts c
  INNER JOIN complaint_several s ON c.caller = s.caller
  WHERE s.is_intricate
),
chained AS (
  SELECT
    MAX(CASE WHEN (flags & {{main}}) > 0 THEN received_at END) OVER before_it AS previous_main,
    MAX(received_at) OVER before_it AS previous_any,
    MAX(CASE WHEN (flags & ({{main}} + {{labelled}})) = {{main}} THEN received_at END) OVER before_it AS previous_unlabelled,
    received_at, seconds, place_number, topic_number, caller, most_callers, flags
  FROM numbered
  WHERE copy = 1
  WINDOW before_it AS (
    PARTITION BY caller, topic_number, place_number ORDER BY received_at, flags, seconds NULLS LAST, most_callers ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),
gathered AS (
  SELECT
    c.*,
    SUM(CASE WHEN (flags & {{main}}) > 0 AND NOT COALESCE(received_at <= previous_main + INTERVAL '{{repeat_days}}' DAY, FALSE) THEN 1 ELSE 0 END) OVER (
      PARTITION BY caller, topic_number, place_number ORDER BY received_at, flags, seconds NULLS LAST, most_callers ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS case_number
  FROM chained c
),
judged AS (
  SELECT
    previous_main, previous_any, previous_unlabelled, received_at, seconds, place_number, callers, flags
  FROM plain
  UNION ALL
  SELECT
    previous_main, previous_any, previous_unlabelled, received_at, seconds, place_number,
    MAX(CASE WHEN (flags & {{main}}) > 0 THEN most_callers END) OVER (PARTITION BY caller, topic_number, place_number, case_number) AS callers,
    flags
  FROM gathered
  UNION ALL
  SELECT
    NULL AS previous_main, NULL AS previous_any, NULL AS previous_unlabelled, c.received_at, c.seconds, c.place_number, c.callers, c.flags
  FROM complaint_contacts c
  WHERE NOT EXISTS (SELECT 1 FROM complaint_several s WHERE s.caller = c.caller)
),
followed AS (
  SELECT
    received_at, seconds, place_number, callers,
    flags
      + CASE WHEN received_at <= previous_main + INTERVAL '{{repeat_days}}' DAY THEN {{follows_main}} ELSE 0 END
      + CASE WHEN received_at <= previous_any + INTERVAL '{{repeat_days}}' DAY THEN {{follows_any}} ELSE 0 END
      + CASE WHEN received_at <= previous_unlabelled + INTERVAL '{{repeat_days}}' DAY THEN {{follows_unlabelled}} ELSE 0 END
      AS flags
  FROM judged
  WHERE received_at >= {{start}}
),
belongs AS (
  SELECT
    n.place_number, p.unit_number, p.valid_from, p.valid_to
  FROM places p
  INNER JOIN complaint_places n ON p.place = n.place
)
SELECT
  b.unit_number,
  f.received_at,
  CASE WHEN b.unit_number IS NULL THEN f.place_number END AS place_number,
  f.callers,
  f.seconds,
  CAST(f.flags AS SMALLINT) AS flags,
  COALESCE(b.unit_number, 0) % {{buckets}} AS bucket
FROM followed f
LEFT JOIN belongs b ON f.place_number = b.place_number AND f.received_at >= b.valid_from AND f.received_at < b.valid_to
