-- How many events of two periods were human, how many were bots', and the ten most viewed paths of either. How many
-- people viewed them is asked for when they are known: pages.sql.
SELECT
    path,
    sum(is_view AND counted AND current) AS views,
    sum(is_view AND counted AND before) AS views_before,
    row_number() OVER (ORDER BY views DESC, path) AS place,
    row_number() OVER (ORDER BY views_before DESC, path) AS place_before,
    sum(sum(counted AND current)) OVER () AS events,
    sum(sum(counted AND before)) OVER () AS events_before,
    sum(sum(is_bot AND current)) OVER () AS bot_events,
    sum(sum(is_bot AND before)) OVER () AS bot_events_before
FROM /*happened*/ 1
GROUP BY path
QUALIFY place <= 10 OR place_before <= 10
ORDER BY place
