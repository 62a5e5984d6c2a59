-- The people of one row of a list: human events of the period that it counts, or only those whose session holds
-- the goal.
SELECT DISTINCT if(p.person_id = '', e.visitor_id, p.person_id) AS person_id
FROM (
    SELECT visitor_id, vh, event_time, is_bot
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND event_time >= {middle:DateTime64(3, 'UTC')}
        AND indexHint(toDate(event_time) >= toDate({middle:DateTime64(3, 'UTC')}))
        AND event_time < {until:DateTime64(3, 'UTC')}
        AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND multiIf(
            {list:String} = 'pages', event_type IN ('page_view', 'screen_view') AND path = {value:String},
            {list:String} = 'search', event_type = 'search' AND search_term = {value:String},
            {list:String} = 'outlinks', event_type = 'outlink' AND target = {value:String},
            {list:String} = 'downloads', event_type = 'download' AND target = {value:String},
            {list:String} = 'forms',
            event_type = 'form' AND path = {place:String} AND if(target = '', event_name, target) = {value:String},
            {list:String} = 'errors',
            event_type = 'error' AND path = {value:String}
                AND if(event_name != '', event_name, JSONExtractRaw(properties, 'status')) = {place:String},
            {list:String} = 'products', event_type = 'product_view' AND target = {value:String},
            0
        )
) AS e
ASOF LEFT JOIN (
    SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`, s.is_bot AS is_bot, /*goal*/ 1 AS won
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND /*sessions*/ 1
) AS k ON e.vh = k.vh AND e.event_time >= k.start
LEFT JOIN (
    SELECT visitor_id, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.visitor_id = e.visitor_id
WHERE (
        if({active:UInt8}, e.event_time <= k.`end` AND NOT k.is_bot AND NOT e.is_bot, NOT e.is_bot)
        OR ({bots:UInt8} AND e.event_time <= k.`end`)
    )
    AND (NOT {won:UInt8} OR (e.event_time <= k.`end` AND k.won))
