-- The most frequent values of a field in the last days that hold what was typed.
SELECT value
FROM (
    SELECT /*value*/ 1 AS value, count() AS events
    FROM events AS e
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND NOT e.is_bot
    GROUP BY value
    HAVING value != '' AND positionCaseInsensitiveUTF8(value, {typed:String}) > 0
    ORDER BY events DESC, value
    LIMIT {most:UInt8}
)
