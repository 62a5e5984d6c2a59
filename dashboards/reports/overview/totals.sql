-- What the sessions of two periods add up to, [since, middle) and [middle, until), by day or hour, bots apart.
-- compared: of the earlier one those before the instant `cut`, so that a running period is compared with as much of
-- the one before. How many people they are: people.sql.
SELECT
    s.start >= {middle:DateTime64(3, 'UTC')} AS current,
    current OR s.start < {cut:DateTime64(3, 'UTC')} AS compared,
    s.is_bot AS is_bot,
    /*bucket*/ 1 AS bucket,
    count() AS sessions,
    sum(s.page_views) AS page_views,
    sum(s.is_bounce) AS bounces,
    sum(s.is_engaged) AS engaged,
    sum(s.page_views = 1) AS single_page,
    sum(s.engaged_s) AS engaged_s,
    sum(s.orders) AS orders,
    sum(s.orders > 0) AS converted,
    sum(s.revenue) AS revenue,
    sum(s.channel = 'wap') AS wap_sessions
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND /*sessions*/ 1
GROUP BY current, compared, is_bot, bucket
ORDER BY current, bucket
