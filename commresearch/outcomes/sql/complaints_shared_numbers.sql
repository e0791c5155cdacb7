-- Numbers that several ledgers gave to rows too far apart in time to be one ticket. A ticket that one office hands on to another is in both ledgers, received
-- some days later and with its place in other words: it is none of these. Numbers are told apart by hashes, so that a group is as small as can be:
-- ledgers are as long as a log.
WITH given AS (
  SELECT
    cr_bucket(ticket_id, {{numbers}}) AS ticket,
    ledger,
    received_at
  FROM ticket_ledgers
  WHERE ticket_id IS NOT NULL
)
SELECT
  ticket,
  COUNT(*) AS entries,
  MIN(received_at) AS first_at
FROM given
GROUP BY ticket
HAVING MIN(ledger) < MAX(ledger) AND MAX(received_at) > MIN(received_at) + INTERVAL '{{days}}' DAY
