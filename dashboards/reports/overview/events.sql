-- Events of two periods by event_time, in a session or not (pages = 0), and the ten most viewed paths of the
-- later one (pages = 1). Bots are counted apart.
-- The day is asked for beside the instant: only so does the engine use the sort key.
SELECT
    grouping(path) = 0 AS pages,
    current,
    path,
    countIf(b.counted) AS events,
    countIf(b.is_bot) AS bot_events,
    uniqExactIf(b.person, b.listed) AS visitors
FROM (
    SELECT
        e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
        NOT e.is_bot OR {bots:UInt8} AS counted,
        counted AND current AND e.event_type IN ('page_view', 'screen_view') AS listed,
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
GROUP BY GROUPING SETS ((current), (listed, path))
HAVING NOT pages OR listed
ORDER BY pages, events DESC, path
LIMIT 10 BY pages
