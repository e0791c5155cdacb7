-- Contacts whose place belongs to no unit on their day.
SELECT
  COALESCE(n.place, '') AS place,
  CAST(COUNT(*) AS BIGINT) AS events,
  CAST(MIN(c.received_at) AS TIMESTAMP) AS first,
  CAST(MAX(c.received_at) AS TIMESTAMP) AS last
FROM complaint_cases c
LEFT JOIN complaint_places n ON c.place_number = n.place_number
WHERE c.unit_number IS NULL AND (c.flags & {{main}}) > 0
GROUP BY COALESCE(n.place, '')
ORDER BY events DESC, place
