-- What a person did, the newest session first and in it the newest line first. Events that say the same and follow
-- each other in a session are one line. An event belongs to the session of its visitor that starts last before it,
-- if that one has not ended. What happened outside of sessions (server, mail, calls, store) is shown with the session
-- of the person that spans its time, if there is one.
SELECT
    any(l.session_id) AS session_id,
    any(l.session_start) AS session_start,
    any(l.session_end) AS session_end,
    any(l.page_views) AS page_views,
    any(l.engaged_s) AS engaged_s,
    any(l.source) AS source,
    any(l.medium) AS medium,
    any(l.campaign) AS campaign,
    any(l.device_class) AS device_class,
    any(l.browser) AS browser,
    any(l.country) AS country,
    any(l.is_bot) AS is_bot,
    min(l.event_time) AS first_at,
    max(l.event_time) AS last_at,
    count() AS events,
    argMax(l.event_id, l.place) AS event_id,
    argMax(l.visitor_id, l.place) AS visitor_id,
    any(l.channel) AS channel,
    any(l.event_type) AS event_type,
    any(l.event_name) AS event_name,
    any(l.path) AS path,
    any(l.title) AS title,
    any(l.target) AS target,
    any(l.search_term) AS search_term,
    any(l.order_id) AS order_id,
    any(l.revenue) AS revenue,
    any(l.currency) AS currency,
    count() OVER () AS total
FROM (
    SELECT
        m.*,
        row_number() OVER w AS place,
        sum(m.is_new) OVER (
            ORDER BY m.block_start, m.session_id, m.event_time, m.seq, m.event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS line
    FROM (
        SELECT
            n.*,
            n.said != lagInFrame(n.said, 1, toUInt64(0)) OVER (
                ORDER BY n.block_start, n.session_id, n.event_time, n.seq, n.event_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS is_new
        FROM (
            SELECT
                e.*,
                multiIf(
                    e.event_time <= k.`end`, k.session_id,
                    e.is_outside AND e.event_time <= a.`end`, a.session_id,
                    ''
                ) AS session_id,
                if(session_id = k.session_id, k.start, a.start) AS session_start,
                if(session_id = k.session_id, k.`end`, a.`end`) AS session_end,
                if(session_id = k.session_id, k.page_views, a.page_views) AS page_views,
                if(session_id = k.session_id, k.engaged_s, a.engaged_s) AS engaged_s,
                if(session_id = k.session_id, k.source, a.source) AS source,
                if(session_id = k.session_id, k.medium, a.medium) AS medium,
                if(session_id = k.session_id, k.campaign, a.campaign) AS campaign,
                if(session_id = k.session_id, k.device_class, a.device_class) AS device_class,
                if(session_id = k.session_id, k.browser, a.browser) AS browser,
                if(session_id = k.session_id, k.country, a.country) AS country,
                if(session_id = '', e.event_time, session_start) AS block_start,
                sipHash64(
                    session_id, e.channel, e.event_type, e.event_name, e.path, e.title, e.target, e.search_term,
                    e.order_id, e.revenue
                ) AS said
            FROM (
                SELECT
                    1 AS one, vh, visitor_id, event_id, event_time, seq, toString(channel) AS channel,
                    toString(event_type) AS event_type, toString(event_name) AS event_name, path, title, target,
                    search_term, order_id, revenue, toString(currency) AS currency, is_bot,
                    channel IN {outside:Array(String)} AS is_outside
                FROM events FINAL
                WHERE site_id = {site_id:String}
                    AND vh IN (SELECT sipHash64(arrayJoin({ids:Array(String)})))
                    AND ({channel:String} = '' OR channel = {channel:String})
            ) AS e
            ASOF LEFT JOIN (
                SELECT
                    vh, session_id, start, `end`, page_views, engaged_s, toString(source) AS source,
                    toString(medium) AS medium, toString(campaign) AS campaign,
                    toString(device_class) AS device_class, toString(browser) AS browser,
                    toString(country) AS country
                FROM sessions FINAL
                WHERE site_id = {site_id:String}
                    AND vh IN (SELECT sipHash64(arrayJoin({ids:Array(String)})))
            ) AS k ON e.vh = k.vh AND e.event_time >= k.start
            ASOF LEFT JOIN (
                SELECT
                    1 AS one, session_id, start, `end`, page_views, engaged_s, toString(source) AS source,
                    toString(medium) AS medium, toString(campaign) AS campaign,
                    toString(device_class) AS device_class, toString(browser) AS browser,
                    toString(country) AS country
                FROM sessions FINAL
                WHERE site_id = {site_id:String}
                    AND vh IN (SELECT sipHash64(arrayJoin({ids:Array(String)})))
            ) AS a ON e.one = a.one AND e.event_time >= a.start
        ) AS n
    ) AS m
    WINDOW w AS (ORDER BY m.block_start, m.session_id, m.event_time, m.seq, m.event_id)
) AS l
GROUP BY l.line
ORDER BY any(l.block_start) DESC, session_id DESC, l.line DESC
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
