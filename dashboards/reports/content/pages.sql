-- Pages of two periods by the time of their views: [middle, until), and [since, cut) before it.
-- A view is known by its page_view_id; its visible time and depth are the largest that its events told.
-- A view belongs to the session of its visitor that starts last before it, if that one has not ended.
-- Grouping by one hash of what makes a view costs two thirds of grouping by its parts; a path is hashed once a block.
-- The day is asked for, for the index alone: only so does the engine use the sort key. Paths come first: of the few
-- events that are left the other conditions are quick.
SELECT
    d.*,
    count() OVER () AS found,
    row_number() OVER (
        ORDER BY
            multiIf(
                {sort:String} = 'visitors', toFloat64(d.visitors),
                {sort:String} = 'engaged_s', if(d.timed = 0, -1., toFloat64(d.engaged_ms)),
                {sort:String} = 'scroll', if(d.scrolled = 0, -1., toFloat64(d.scroll_pct)),
                {sort:String} = 'exit_rate', d.exits / greatest(d.sessions, 1),
                {sort:String} = 'converted', toFloat64(d.converted),
                {sort:String} = 'rate', d.converted / greatest(d.sessions, 1),
                {sort:String} = 'change', if(d.views_before = 0, inf, d.views / greatest(d.views_before, 1)),
                {sort:String} = 'views', toFloat64(d.views),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, d.value, '') DESC,
            if({sort:String} = 'value', 0, d.views) DESC,
            d.value
    ) AS place
FROM (
    SELECT
        c.path AS value,
        sumIf(c.views, c.current) AS views,
        sumIf(c.views, NOT c.current) AS views_before,
        uniqExactIf(c.person, c.current AND c.views > 0) AS visitors,
        uniqExactIf(c.session, c.current AND c.views > 0 AND c.inside) AS sessions,
        uniqExactIf(c.session, c.current AND c.views > 0 AND c.ended) AS exits,
        uniqExactIf(c.session, c.current AND c.views > 0 AND c.won) AS converted,
        countIf(c.current AND c.views > 0 AND c.engaged_ms > 0) AS timed,
        quantileExactIf(0.5)(c.engaged_ms, c.current AND c.views > 0 AND c.engaged_ms > 0) AS engaged_ms,
        countIf(c.current AND c.views > 0 AND c.scroll_pct > 0) AS scrolled,
        quantileExactIf(0.75)(c.scroll_pct, c.current AND c.views > 0 AND c.scroll_pct > 0) AS scroll_pct
    FROM (
        SELECT
            any(b.current) AS current,
            any(b.path) AS path,
            any(b.session) AS session,
            any(b.person) AS person,
            any(b.inside) AS inside,
            any(b.ended) AS ended,
            any(b.won) AS won,
            countIf(b.is_view) AS views,
            max(b.engaged_ms) AS engaged_ms,
            max(b.scroll_pct) AS scroll_pct
        FROM (
            SELECT
                e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
                e.path AS path,
                e.vh AS vh,
                e.event_time <= k.`end` AS inside,
                if(inside, cityHash64(e.vh, k.start), 0) AS session,
                inside AND k.exit_path = e.path AS ended,
                inside AND k.won AS won,
                if(p.ph = 0, e.vh, p.ph) AS person,
                e.event_type IN ('page_view', 'screen_view') AS is_view,
                e.view AS view,
                e.engaged_ms AS engaged_ms,
                e.scroll_pct AS scroll_pct
            FROM (
                SELECT *
                FROM (
                    SELECT
                        vh, event_time, event_type, path, is_bot, engaged_ms, scroll_pct, pvh,
                        if(pvh = 0, eh, pvh) AS view
                    FROM events FINAL
                    WHERE site_id = {site_id:String}
                        AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
                        AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
                        AND /*paths*/ 1
                )
                WHERE event_time >= {since:DateTime64(3, 'UTC')}
                    AND event_time < {until:DateTime64(3, 'UTC')}
                    AND (event_time < {cut:DateTime64(3, 'UTC')} OR event_time >= {middle:DateTime64(3, 'UTC')})
                    AND (
                        event_type IN ('page_view', 'screen_view')
                        OR (pvh != 0 AND (engaged_ms > 0 OR scroll_pct > 0))
                    )
                    AND ({q:String} = '' OR positionCaseInsensitiveUTF8(path, {q:String}) > 0)
            ) AS e
            ASOF LEFT JOIN (
                SELECT
                    s.vh AS vh, s.start AS start, s.`end` AS `end`, s.exit_path AS exit_path, s.is_bot AS is_bot,
                    /*goal*/ 1 AS won
                FROM sessions AS s FINAL
                WHERE s.site_id = {site_id:String}
                    AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
                    AND s.start < {until:DateTime64(3, 'UTC')}
                    AND /*sessions*/ 1
            ) AS k ON e.vh = k.vh AND e.event_time >= k.start
            LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
            WHERE if({active:UInt8}, inside AND NOT k.is_bot AND NOT e.is_bot, NOT e.is_bot)
                OR ({bots:UInt8} AND inside)
        ) AS b
        GROUP BY cityHash64(b.current, cityHash64(b.path), b.vh, b.session, b.view)
    ) AS c
    GROUP BY c.path
    HAVING views > 0 OR views_before > 0
) AS d
QUALIFY place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64}
ORDER BY place
