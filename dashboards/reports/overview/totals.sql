-- Sums (trend = 0) and trend of two periods: [since, middle) and [middle, until). The sums of the earlier one
-- are cut at the instant `cut`, so that a running period is compared with as much of the one before.
SELECT
    current,
    grouping(bucket) = 0 AS trend,
    bucket,
    uniqExactIf(b.person, b.counted) AS visitors,
    countIf(b.counted) AS sessions,
    sumIf(b.page_views, b.counted) AS page_views,
    countIf(b.counted AND b.is_bounce) AS bounces,
    countIf(b.counted AND b.is_engaged) AS engaged,
    countIf(b.counted AND b.page_views = 1) AS single_page,
    sumIf(b.engaged_s, b.counted) AS engaged_s,
    sumIf(b.orders, b.counted) AS orders,
    countIf(b.counted AND b.orders > 0) AS converted,
    sumIf(b.revenue, b.counted) AS revenue,
    countIf(b.counted AND b.channel = 'wap') AS wap_sessions,
    countIf(b.is_bot) AS bot_sessions
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
        s.page_views AS page_views,
        s.is_bounce AS is_bounce,
        s.is_engaged AS is_engaged,
        s.engaged_s AS engaged_s,
        s.orders AS orders,
        s.revenue AS revenue,
        s.channel AS channel,
        s.is_bot AS is_bot
    FROM sessions AS s FINAL
    LEFT JOIN (
        SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
        FROM persons FINAL
        WHERE site_id = {site_id:String}
    ) AS p ON p.vh = s.vh
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')}
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND /*sessions*/ 1
) AS b
GROUP BY GROUPING SETS ((current, compared), (current, bucket))
HAVING trend OR compared
ORDER BY current, trend, bucket
