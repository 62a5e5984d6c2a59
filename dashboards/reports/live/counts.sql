-- People and events of the last 30 minutes: in all, by minute, by path of a view, by channel. An event that
-- a clock puts slightly into the future counts for the running minute.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    multiIf(
        grouping(minute) = 0, 'minute',
        grouping(path) = 0, 'page',
        grouping(channel) = 0, 'channel',
        'all'
    ) AS list,
    minute,
    if(list = 'page', path, channel) AS value,
    uniqExact(b.person) AS visitors,
    count() AS events,
    countIf(b.viewed) AS page_views,
    uniqExactIf(b.person, b.event_time > {now:DateTime64(3, 'UTC')} - toIntervalMinute(5)) AS visitors_5m
FROM (
    SELECT
        intDiv(
            toUnixTimestamp64Milli(least(e.event_time, {now:DateTime64(3, 'UTC')}))
                - toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}),
            60000
        ) AS minute,
        e.event_type IN ('page_view', 'screen_view') AS viewed,
        if(viewed, e.path, '') AS path,
        toString(e.channel) AS channel,
        e.event_time AS event_time,
        if(p.ph = 0, e.vh, p.ph) AS person
    FROM events AS e FINAL
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND e.event_time <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
        AND indexHint(toDate(e.event_time) <= toDate({now:DateTime64(3, 'UTC')} + toIntervalMinute(5)))
        AND NOT e.is_bot
) AS b
GROUP BY GROUPING SETS ((), (minute), (viewed, path), (channel))
HAVING list != 'page' OR b.viewed
ORDER BY list, visitors DESC, events DESC, value, minute
LIMIT 30 BY list
