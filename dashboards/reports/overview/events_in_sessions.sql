-- The same as events.sql for the events that lie in a kept session, whichever day it started. An event belongs
-- to the session of its visitor that starts last before it, if that one has not ended.
SELECT
    a.*,
    row_number() OVER (PARTITION BY a.pages ORDER BY a.views DESC, a.path) AS place,
    row_number() OVER (PARTITION BY a.pages ORDER BY a.views_before DESC, a.path) AS place_before
FROM (
    SELECT
        grouping(path) = 0 AS pages,
        current,
        compared,
        path,
        countIf(b.counted) AS events,
        countIf(b.is_bot) AS bot_events,
        countIf(b.listed AND b.current) AS views,
        countIf(b.listed AND NOT b.current) AS views_before,
        uniqExactIf(b.person, b.listed AND b.current) AS visitors,
        uniqExactIf(b.person, b.listed AND NOT b.current) AS visitors_before
    FROM (
        SELECT
            e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
            current OR e.event_time < {cut:DateTime64(3, 'UTC')} AS compared,
            (NOT e.is_bot AND NOT k.is_bot) OR {bots:UInt8} AS counted,
            counted AND compared AND e.event_type IN ('page_view', 'screen_view') AS listed,
            if(listed, e.path, '') AS path,
            if(p.ph = 0, e.vh, p.ph) AS person,
            e.is_bot AS is_bot
        FROM (
            SELECT vh, event_time, event_type, path, is_bot
            FROM events FINAL
            WHERE site_id = {site_id:String}
                AND event_time >= {since:DateTime64(3, 'UTC')}
                AND toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')})
                AND event_time < {until:DateTime64(3, 'UTC')}
                AND toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')})
        ) AS e
        ASOF JOIN (
            SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`, s.is_bot AS is_bot
            FROM sessions AS s FINAL
            WHERE s.site_id = {site_id:String}
                AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
                AND s.start < {until:DateTime64(3, 'UTC')}
                AND /*sessions*/ 1
        ) AS k ON e.vh = k.vh AND e.event_time >= k.start
        LEFT JOIN (
            SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
            FROM persons FINAL
            WHERE site_id = {site_id:String}
        ) AS p ON p.vh = e.vh
        WHERE e.event_time <= k.`end`
    ) AS b
    GROUP BY GROUPING SETS ((current, compared), (listed, path))
    HAVING if(pages, listed, compared)
) AS a
QUALIFY NOT a.pages OR place <= 10 OR place_before <= 10
ORDER BY a.pages, place
