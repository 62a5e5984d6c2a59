-- Events of two periods by event_time, in a session or not (pages = 0), and the ten most viewed paths of either
-- (pages = 1; place: its place in the later one). The earlier period is cut at the instant `cut`.
-- Bots are counted apart.
-- The day is asked for beside the instant: only so does the engine use the sort key.
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
            NOT e.is_bot OR {bots:UInt8} AS counted,
            counted AND compared AND e.event_type IN ('page_view', 'screen_view') AS listed,
            if(listed, e.path, '') AS path,
            if(p.ph = 0, e.vh, p.ph) AS person,
            e.is_bot AS is_bot
        FROM events AS e FINAL
        LEFT JOIN (
            SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
            FROM persons FINAL
            WHERE site_id = {site_id:String}
        ) AS p ON p.vh = e.vh
        WHERE e.site_id = {site_id:String}
            AND e.event_time >= {since:DateTime64(3, 'UTC')}
            AND toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')})
            AND e.event_time < {until:DateTime64(3, 'UTC')}
            AND toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')})
    ) AS b
    GROUP BY GROUPING SETS ((current, compared), (listed, path))
    HAVING if(pages, listed, compared)
) AS a
QUALIFY NOT a.pages OR place <= 10 OR place_before <= 10
ORDER BY a.pages, place
