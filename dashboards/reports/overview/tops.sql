-- The ten most frequent values of each session field in either of two periods, counted in both: [middle, until),
-- and [since, cut) before it. place: among the values of the later one. How many people show them is asked for
-- when they are known: people.sql.
SELECT
    a.*,
    row_number() OVER (
        PARTITION BY a.list
        ORDER BY
            a.sessions DESC, a.entry_path, a.source, a.medium, a.channel_group, a.device_class, a.browser, a.os,
            a.country, a.campaign
    ) AS place,
    row_number() OVER (
        PARTITION BY a.list
        ORDER BY
            a.sessions_before DESC, a.entry_path, a.source, a.medium, a.channel_group, a.device_class, a.browser,
            a.os, a.country, a.campaign
    ) AS place_before
FROM (
    SELECT
        multiIf(
            grouping(entry_path) = 0, 'entry_path',
            grouping(source) = 0, 'source',
            grouping(channel_group) = 0, 'channel_group',
            grouping(device_class) = 0, 'device_class',
            grouping(browser) = 0, 'browser',
            grouping(os) = 0, 'os',
            grouping(country) = 0, 'country',
            'campaign'
        ) AS list,
        entry_path, source, medium, channel_group, device_class, browser, os, country, campaign,
        countIf(b.current) AS sessions,
        countIf(NOT b.current) AS sessions_before,
        sumIf(b.page_views, b.current) AS page_views,
        countIf(b.is_bounce AND b.current) AS bounces
    FROM (
        SELECT
            s.start >= {middle:DateTime64(3, 'UTC')} AS current,
            s.entry_path AS entry_path, s.source AS source, s.medium AS medium,
            s.channel_group AS channel_group, s.device_class AS device_class, s.browser AS browser, s.os AS os,
            s.country AS country, s.campaign AS campaign, s.page_views AS page_views, s.is_bounce AS is_bounce
        FROM sessions AS s FINAL
        WHERE s.site_id = {site_id:String}
            AND s.start >= {since:DateTime64(3, 'UTC')}
            AND s.start < {until:DateTime64(3, 'UTC')}
            AND (s.start < {cut:DateTime64(3, 'UTC')} OR s.start >= {middle:DateTime64(3, 'UTC')})
            AND (NOT s.is_bot OR {bots:UInt8})
            AND /*sessions*/ 1
    ) AS b
    GROUP BY GROUPING SETS (
        (entry_path), (source, medium), (channel_group), (device_class), (browser), (os), (country), (campaign)
    )
) AS a
QUALIFY place <= 10 OR place_before <= 10
ORDER BY a.list, place
