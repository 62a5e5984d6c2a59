-- The newest human sessions that start in the period.
SELECT
    s.site_id AS site_id, s.visitor_id AS visitor_id, s.session_id AS session_id, s.start AS start, s.`end` AS `end`,
    s.events AS events, s.page_views AS page_views, s.engaged_s AS engaged_s, s.entry_path AS entry_path,
    s.exit_path AS exit_path, s.host AS host, s.channel AS channel, s.source AS source, s.medium AS medium,
    s.campaign AS campaign, s.channel_group AS channel_group, s.device_class AS device_class, s.os AS os,
    s.browser AS browser, s.country AS country, s.orders AS orders, s.revenue AS revenue,
    s.is_bounce AS is_bounce, s.is_engaged AS is_engaged, s.is_bot AS is_bot, s.version AS version,
    s.is_deleted AS is_deleted,
    if(p.person_id = '', s.visitor_id, p.person_id) AS person_id
FROM sessions AS s FINAL
LEFT JOIN (
    SELECT visitor_id, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.visitor_id = s.visitor_id
WHERE s.site_id = {site_id:String}
    AND (s.vh, s.start, s.session_id) IN (
        SELECT s.vh, s.start, s.session_id
        FROM sessions AS s FINAL
        WHERE s.site_id = {site_id:String}
            AND s.start >= {since:DateTime64(3, 'UTC')}
            AND s.start < {until:DateTime64(3, 'UTC')}
            AND (NOT s.is_bot OR {bots:UInt8})
            AND /*sessions*/ 1
        ORDER BY s.start DESC, s.session_id
        LIMIT {limit:UInt64}
    )
ORDER BY start DESC, session_id
