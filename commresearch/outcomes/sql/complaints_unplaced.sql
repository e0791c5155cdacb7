-- Contacts whose place belongs to no unit on their day.
SELECT
  COALESCE(n.place, '') AS place,
  CAST(SUM(c.contacts) AS BIGINT) AS events,
  CAST(MIN(c.first) AS TIMESTAMP) AS first,
  CAST(MAX(c.last) AS TIMESTAMP) AS last
FROM complaint_cells c
LEFT JOIN complaint_places n ON c.place_number = n.place_number
WHERE c.unit_number IS NULL AND c.contacts > 0
GROUP BY COALESCE(n.place, '')
ORDER BY events DESC, place
