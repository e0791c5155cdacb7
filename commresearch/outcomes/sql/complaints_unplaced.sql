-- Contacts whose place belongs to no unit on their day.
SELECT
  COALESCE(place, '') AS place,
  CAST(COUNT(*) AS BIGINT) AS events,
  CAST(MIN(received_at) AS TIMESTAMP) AS first,
  CAST(MAX(received_at) AS TIMESTAMP) AS last
FROM complaint_cases
WHERE unit_number IS NULL AND (flags & {{main}}) > 0
GROUP BY COALESCE(place, '')
ORDER BY events DESC, place
