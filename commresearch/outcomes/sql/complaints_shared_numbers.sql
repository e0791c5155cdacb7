-- Numbers that several ledgers gave to rows of one caller, or of none, that are too far apart in time to be one ticket, and would be folded into one. A ticket
-- that one office hands on to another is in both ledgers, received some days later and with its place in other words: it is none of these. Numbers and
-- callers are told apart by hashes, so that a group is as small as can be: ledgers are as long as a log.
WITH given AS (
  SELECT
    cr_bucket(ticket_id, {{numbers}}) AS ticket,
    CASE WHEN caller_key IS NULL THEN -1 ELSE cr_bucket(caller_key, {{numbers}}) END AS caller,
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
GROUP BY ticket, caller
HAVING MIN(ledger) < MAX(ledger) AND MAX(received_at) > MIN(received_at) + INTERVAL '{{days}}' DAY
