-- What is written as places in the log, by numbers in the order of the texts.
SELECT
  place,
  CAST(ROW_NUMBER() OVER (ORDER BY place) AS INT) AS place_number
FROM (
  SELECT DISTINCT place
  FROM tickets
  WHERE place IS NOT NULL
) AS written
