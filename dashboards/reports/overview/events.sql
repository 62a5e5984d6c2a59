-- How many events of two periods were human, and how many were bots'.
SELECT current, countIf(counted) AS events, countIf(is_bot) AS bot_events
FROM /*happened*/ 1
GROUP BY current
