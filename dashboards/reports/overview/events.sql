-- How many events of two periods were human, how many were bots', and the ten most viewed paths of either. How many
-- people viewed them is asked for when they are known: pages.sql.
SELECT
    path,
    countIf(is_view AND counted AND current) AS views,
    countIf(is_view AND counted AND NOT current) AS views_before,
    row_number() OVER (ORDER BY views DESC, path) AS place,
    row_number() OVER (ORDER BY views_before DESC, path) AS place_before,
    sum(countIf(counted AND current)) OVER () AS events,
    sum(countIf(counted AND NOT current)) OVER () AS events_before,
    sum(countIf(is_bot AND current)) OVER () AS bot_events,
    sum(countIf(is_bot AND NOT current)) OVER () AS bot_events_before
FROM /*happened*/ 1
GROUP BY path
QUALIFY place <= 10 OR place_before <= 10
ORDER BY place
