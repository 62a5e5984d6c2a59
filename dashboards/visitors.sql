-- Visitors with a human session that starts in a period, and those whose id outlives the day.
-- Events without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
SELECT
    uniqExact(s.vh) AS visitors,
    uniqExactIf(s.vh, s.vh NOT IN (
        SELECT vh
        FROM events
        WHERE site_id = {site_id:String}
            AND id_quality NOT IN ('user', 'cookie', 'url', 'subscriber')
            AND toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')})
            AND toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}) + 1
    )) AS durable
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND NOT s.is_bot
