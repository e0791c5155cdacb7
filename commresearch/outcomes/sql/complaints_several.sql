-- Callers with several contacts; and of which of them a ticket is there twice, or a contact names another number of persons than one.
WITH shared AS (
  SELECT
    caller,
    MIN(callers) AS fewest_callers,
    MAX(callers) AS most_callers
  FROM complaint_contacts
  WHERE caller IS NOT NULL
  GROUP BY caller
  HAVING COUNT(*) > 1
),
copied AS (
  SELECT c.caller
  FROM complaint_contacts c
  INNER JOIN shared s ON c.caller = s.caller
  GROUP BY c.caller, c.ticket
  HAVING COUNT(*) > 1
)
SELECT
  s.caller,
  s.fewest_callers < 1 OR s.most_callers > 1 OR d.caller IS NOT NULL AS is_intricate
FROM shared s
LEFT JOIN (SELECT DISTINCT caller FROM copied) d ON s.caller = d.caller
