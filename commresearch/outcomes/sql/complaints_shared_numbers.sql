-- Numbers that several ledgers gave, to rows of another time or place. Numbers and places are told apart by hashes, so that a group is as small as can be:
-- ledgers are as long as a log. Copies (an export that came again) have the same time and place, and are none of these.
WITH given AS (
  SELECT
    cr_bucket(ticket_id, {{numbers}}) AS ticket,
    ledger,
    received_at,
    CASE WHEN place IS NULL THEN -1 ELSE cr_bucket(place, {{numbers}}) END AS place_number
  FROM ticket_ledgers
  WHERE ticket_id IS NOT NULL
)
SELECT
  ticket,
  COUNT(*) AS entries,
  MIN(received_at) AS first_at
FROM given
GROUP BY ticket
HAVING MIN(ledger) < MAX(ledger) AND (MIN(received_at) < MAX(received_at) OR MIN(place_number) < MAX(place_number))
