-- All sessions of a person: in all, by local day, by device and by country. Bots are left out unless all are.
SELECT
    multiIf(
        grouping(day) = 0, 'day',
        grouping(device_class) = 0, 'devices',
        grouping(country) = 0, 'countries',
        'all'
    ) AS list,
    day, device_class, os, browser, country,
    count() AS sessions,
    sum(b.page_views) AS page_views,
    sum(b.engaged_s) AS engaged_s,
    sum(b.orders) AS orders,
    sum(b.revenue) AS revenue,
    min(b.start) AS first_seen,
    max(b.`end`) AS last_seen,
    argMin((b.start, b.channel_group, b.source, b.medium, b.campaign, b.entry_path), (b.start, b.session_id))
        AS first_touch,
    argMax((b.start, b.channel_group, b.source, b.medium, b.campaign, b.entry_path), (b.start, b.session_id))
        AS last_touch,
    max(b.all_bots) AS only_bots
FROM (
    SELECT
        toDate(s.start, {zone:String}) AS day,
        min(s.is_bot) OVER () AS all_bots,
        s.is_bot AS is_bot, s.session_id AS session_id, s.start AS start, s.`end` AS `end`,
        s.page_views AS page_views, s.engaged_s AS engaged_s, s.orders AS orders, s.revenue AS revenue,
        toString(s.device_class) AS device_class, toString(s.os) AS os, toString(s.browser) AS browser,
        toString(s.country) AS country, toString(s.channel_group) AS channel_group,
        toString(s.source) AS source, toString(s.medium) AS medium, toString(s.campaign) AS campaign,
        s.entry_path AS entry_path
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.vh IN (SELECT sipHash64(arrayJoin({ids:Array(String)})))
) AS b
WHERE NOT b.is_bot OR b.all_bots
GROUP BY GROUPING SETS ((), (day), (device_class, os, browser), (country))
HAVING sessions > 0
ORDER BY list, sessions DESC, day, device_class, os, browser, country
