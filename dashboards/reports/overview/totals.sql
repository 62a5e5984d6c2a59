-- The trend of two periods, [since, middle) and [middle, until), by day or hour; and in each bucket what it adds to
-- the sums of its period. Those of the earlier one are cut at the instant `cut`, so that a running period is
-- compared with as much of the one before. How many people a whole period has: people.sql.
SELECT
    current,
    bucket,
    uniqExactIf(b.person, b.counted) AS trend_visitors,
    countIf(b.counted) AS trend_sessions,
    sumIf(b.page_views, b.counted) AS trend_page_views,
    countIf(b.counted AND b.is_bounce) AS trend_bounces,
    sumIf(b.engaged_s, b.counted) AS trend_engaged_s,
    countIf(b.summed) AS sessions,
    sumIf(b.page_views, b.summed) AS page_views,
    countIf(b.summed AND b.is_bounce) AS bounces,
    countIf(b.summed AND b.is_engaged) AS engaged,
    countIf(b.summed AND b.page_views = 1) AS single_page,
    sumIf(b.engaged_s, b.summed) AS engaged_s,
    sumIf(b.orders, b.summed) AS orders,
    countIf(b.summed AND b.orders > 0) AS converted,
    sumIf(b.revenue, b.summed) AS revenue,
    countIf(b.summed AND b.channel = 'wap') AS wap_sessions,
    countIf(b.is_bot AND b.compared) AS bot_sessions
FROM (
    SELECT
        s.start >= {middle:DateTime64(3, 'UTC')} AS current,
        current OR s.start < {cut:DateTime64(3, 'UTC')} AS compared,
        if(
            {hours:UInt8},
            intDiv(
                toUnixTimestamp64Milli(s.start) - toUnixTimestamp64Milli(
                    if(current, {middle:DateTime64(3, 'UTC')}, {since:DateTime64(3, 'UTC')})
                ),
                3600000
            ),
            toInt64(toDate(s.start, {zone:String}))
        ) AS bucket,
        if(p.ph = 0, s.vh, p.ph) AS person,
        NOT s.is_bot OR {bots:UInt8} AS counted,
        counted AND compared AS summed,
        s.page_views AS page_views,
        s.is_bounce AS is_bounce,
        s.is_engaged AS is_engaged,
        s.engaged_s AS engaged_s,
        s.orders AS orders,
        s.revenue AS revenue,
        s.channel AS channel,
        s.is_bot AS is_bot
    FROM sessions AS s FINAL
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')}
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND /*sessions*/ 1
) AS b
GROUP BY current, bucket
ORDER BY current, bucket
