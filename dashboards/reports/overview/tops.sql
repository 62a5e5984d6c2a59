-- The ten most frequent values of each session field.
SELECT
    multiIf(
        grouping(s.entry_path) = 0, 'entry_path',
        grouping(s.source) = 0, 'source',
        grouping(s.channel_group) = 0, 'channel_group',
        grouping(s.device_class) = 0, 'device_class',
        grouping(s.browser) = 0, 'browser',
        grouping(s.os) = 0, 'os',
        grouping(s.country) = 0, 'country',
        'campaign'
    ) AS list,
    s.entry_path, s.source, s.medium, s.channel_group, s.device_class, s.browser, s.os, s.country, s.campaign,
    uniqExact(if(p.ph = 0, s.vh, p.ph)) AS visitors,
    count() AS sessions,
    sum(s.page_views) AS page_views,
    countIf(s.is_bounce) AS bounces
FROM sessions AS s FINAL
LEFT JOIN (
    SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.vh = s.vh
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
GROUP BY GROUPING SETS (
    (s.entry_path), (s.source, s.medium), (s.channel_group), (s.device_class), (s.browser), (s.os), (s.country),
    (s.campaign)
)
ORDER BY
    list, sessions DESC, s.entry_path, s.source, s.medium, s.channel_group, s.device_class, s.browser, s.os,
    s.country, s.campaign
LIMIT 10 BY list
