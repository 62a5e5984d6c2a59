-- How many units reached each step, and how long the way there took them in seconds.
SELECT
    step,
    count() AS entered,
    countIf(after >= 0) AS count,
    countIf(after >= 0 AND (step = 1 OR after_ms[step - 1] >= 0)) AS count_with_previous,
    countIf(stopped = step AND in_progress) AS in_progress,
    quantilesExactInclusiveIf(0.5, 0.75, 0.9)(after / 1000, after >= 0) AS spans
FROM /*units*/ 1 AS u
ARRAY JOIN after_ms AS after, arrayEnumerate(after_ms) AS step
GROUP BY step
ORDER BY step
