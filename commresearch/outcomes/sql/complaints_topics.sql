-- What is written as topics in the log, by numbers in the order of the texts.
SELECT
  topic,
  CAST(ROW_NUMBER() OVER (ORDER BY topic) AS INT) AS topic_number
FROM (
  SELECT DISTINCT topic
  FROM tickets
  WHERE topic IS NOT NULL
) AS written
