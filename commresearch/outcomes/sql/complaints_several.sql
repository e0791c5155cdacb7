-- Callers with several contacts; and of which of them a ticket is there twice, or a contact names another number of persons than one. Tickets are told
-- apart by one of 62 bits first: only where fewer bits are set than there are contacts can one of them be a copy, and is looked at.
WITH shared AS (
  SELECT
    caller,
    BOOL_OR(callers <> 1) AS names_others,
    COALESCE(BIT_COUNT(BIT_OR(CAST(1 AS BIGINT) << CAST(ticket % 62 AS INT))) < COUNT(*), TRUE) AS may_hold_copies
  FROM complaint_contacts
  WHERE caller IS NOT NULL
  GROUP BY caller
  HAVING COUNT(*) > 1
),
copied AS (
  SELECT c.caller
  FROM complaint_contacts c
  INNER JOIN shared s ON c.caller = s.caller
  WHERE s.may_hold_copies
  GROUP BY c.caller, c.ticket
  HAVING COUNT(*) > 1
)
SELECT
  s.caller,
  s.names_others OR d.caller IS NOT NULL AS is_intricate
FROM shared s
LEFT JOIN (SELECT DISTINCT caller FROM copied) d ON s.caller = d.caller
