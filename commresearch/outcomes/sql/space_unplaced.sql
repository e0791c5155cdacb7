-- Rooms that were booked or counted and are not on the register that day, are named by several, or belong to no unit.
SELECT e.written AS place, CAST(COUNT(*) AS BIGINT) AS events, MIN(e.start_at) AS first_at, MAX(e.start_at) AS last_at
FROM space_entries AS e
LEFT JOIN space_rooms AS r ON r.room = e.room AND CAST(e.start_at AS DATE) >= r.valid_from AND CAST(e.start_at AS DATE) < r.valid_to
WHERE r.room IS NULL AND e.end_at > {{start}} AND e.start_at < {{until}} AND e.end_at >= e.start_at
GROUP BY e.written
