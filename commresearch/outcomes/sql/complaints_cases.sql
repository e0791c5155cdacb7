-- Contacts of the period with their unit, and whether each is a case of its own: among the types of the definition, with requests for help beside them,
-- and without what was labelled after handling.
-- Most callers call once: only contacts that share a caller, or a number where the caller is not known, are put in order.
-- A collective case has the most callers that any copy of its ticket, or any contact that is folded into it, names: they name the same persons again.
WITH several AS (
  SELECT COALESCE(caller_key, ticket_id) AS shared
  FROM complaint_contacts
  GROUP BY COALESCE(caller_key, ticket_id)
  HAVING COUNT(*) > 1
),
numbered AS (
  SELECT
    c.*,
    ROW_NUMBER() OVER (
      PARTITION BY c.ticket_id, c.caller_key
      ORDER BY
        c.received_at, c.seconds NULLS LAST, c.is_undated, c.place NULLS LAST, c.topic NULLS LAST, c.is_main, c.is_marked, c.callers, c.is_labelled,
        c.is_reached, c.is_resolved NULLS LAST, c.is_satisfied NULLS LAST
    ) AS copy,
    MAX(c.callers) OVER (PARTITION BY c.ticket_id, c.caller_key) AS most_callers
  FROM complaint_contacts c
  INNER JOIN several s ON COALESCE(c.caller_key, c.ticket_id) = s.shared
),
chained AS (
  SELECT
    ticket_id,
    MAX(CASE WHEN is_main THEN received_at END) OVER before_it AS previous_main,
    MAX(received_at) OVER before_it AS previous_any,
    MAX(CASE WHEN is_main AND NOT is_labelled THEN received_at END) OVER before_it AS previous_unlabelled,
    received_at, seconds, is_undated, caller_key, topic, place, is_main, is_marked, most_callers, is_labelled, is_reached, is_resolved, is_satisfied
  FROM numbered
  WHERE copy = 1 AND caller_key IS NOT NULL
  WINDOW before_it AS (
    PARTITION BY caller_key, topic, place ORDER BY received_at, ticket_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),
followed AS (
  SELECT
    ticket_id, received_at, seconds, is_undated, caller_key, topic, place, is_main, is_marked, most_callers, is_labelled, is_reached, is_resolved, is_satisfied,
    COALESCE(received_at <= previous_main + INTERVAL '{{repeat_days}}' DAY, FALSE) AS follows_main,
    COALESCE(received_at <= previous_any + INTERVAL '{{repeat_days}}' DAY, FALSE) AS follows_any,
    COALESCE(received_at <= previous_unlabelled + INTERVAL '{{repeat_days}}' DAY, FALSE) AS follows_unlabelled
  FROM chained
),
gathered AS (
  SELECT
    f.*,
    SUM(CASE WHEN is_main AND NOT follows_main THEN 1 ELSE 0 END) OVER (
      PARTITION BY caller_key, topic, place ORDER BY received_at, ticket_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS case_number
  FROM followed f
),
judged AS (
  SELECT
    received_at, seconds, is_undated, place, TRUE AS is_keyed, is_main, is_marked,
    MAX(CASE WHEN is_main THEN most_callers END) OVER (PARTITION BY caller_key, topic, place, case_number) AS callers,
    is_labelled, is_reached, is_resolved, is_satisfied, follows_main, follows_any, follows_unlabelled
  FROM gathered
  UNION ALL
  SELECT
    received_at, seconds, is_undated, place, FALSE AS is_keyed, is_main, is_marked, most_callers AS callers,
    is_labelled, is_reached, is_resolved, is_satisfied,
    FALSE AS follows_main,
    FALSE AS follows_any,
    FALSE AS follows_unlabelled
  FROM numbered
  WHERE copy = 1 AND caller_key IS NULL
  UNION ALL
  SELECT
    c.received_at, c.seconds, c.is_undated, c.place, c.caller_key IS NOT NULL AS is_keyed, c.is_main, c.is_marked, c.callers,
    c.is_labelled, c.is_reached, c.is_resolved, c.is_satisfied,
    FALSE AS follows_main,
    FALSE AS follows_any,
    FALSE AS follows_unlabelled
  FROM complaint_contacts c
  LEFT JOIN several s ON COALESCE(c.caller_key, c.ticket_id) = s.shared
  WHERE s.shared IS NULL
)
SELECT
  p.unit_id,
  CAST(date_trunc('month', j.received_at) AS TIMESTAMP) AS month,
  CASE WHEN p.unit_id IS NULL THEN j.place END AS place,
  CASE WHEN p.unit_id IS NULL THEN j.received_at END AS received_at,
  j.is_keyed,
  j.is_main,
  j.is_main AND j.is_marked AS is_marked,
  j.is_main AND NOT j.is_marked AND NOT j.follows_main AS is_case,
  NOT j.is_marked AND NOT j.follows_any AS is_case_with_help,
  j.is_main AND NOT j.is_labelled AND NOT j.is_marked AND NOT j.follows_unlabelled AS is_case_unlabelled,
  j.callers,
  j.is_reached,
  j.is_resolved,
  j.is_satisfied,
  j.seconds,
  j.is_undated,
  cr_bucket(COALESCE(p.unit_id, ''), {{buckets}}) AS bucket
FROM judged j
LEFT JOIN places p ON j.place = p.place AND j.received_at >= p.valid_from AND j.received_at < p.valid_to
WHERE j.received_at >= {{start}}
