-- Searches, outlinks, downloads, forms or errors of two periods by what they were about: [middle, until), and
-- [since, cut) before it. reached: people who saw the page of a form, or sent a form there.
-- An event belongs to the session of its visitor that starts last before it, if that one has not ended.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    d.* EXCEPT (people, referrers),
    arrayElement(arraySort((r, n) -> (-n, r), d.referrers.1, d.referrers.2), 1) AS referrer,
    uniqExactMerge(d.people) OVER (PARTITION BY d.place_of) AS reached,
    count() OVER (PARTITION BY d.listed) AS found,
    row_number() OVER (
        PARTITION BY d.listed
        ORDER BY
            multiIf(
                {sort:String} = 'visitors', toFloat64(d.visitors),
                {sort:String} = 'sessions', toFloat64(d.sessions),
                {sort:String} = 'nothing', toFloat64(d.nothing),
                {sort:String} = 'converted', toFloat64(d.converted),
                {sort:String} = 'rate', d.converted / greatest(d.sessions, 1),
                {sort:String} = 'change', if(d.events_before = 0, inf, d.events / greatest(d.events_before, 1)),
                {sort:String} = 'events', toFloat64(d.events),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, d.value, '') DESC,
            if({sort:String} = 'value', 0, d.events) DESC,
            d.value,
            d.place_of
    ) AS place
FROM (
    SELECT
        b.value AS value,
        b.place_of AS place_of,
        countIf(b.acted AND b.current) AS events,
        countIf(b.acted AND NOT b.current) AS events_before,
        (events > 0 OR events_before > 0)
            AND ({q:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', place_of), {q:String}) > 0) AS listed,
        uniqExactIf(b.person, b.acted AND b.current) AS visitors,
        uniqExactIf((b.vh, b.start), b.acted AND b.current AND b.inside) AS sessions,
        uniqExactIf((b.vh, b.start), b.acted AND b.current AND b.won) AS converted,
        countIf(b.acted AND b.current AND b.results = 0) AS nothing,
        countIf(b.acted AND b.current AND isNotNull(b.results)) AS counted,
        uniqExactStateIf(b.person, b.current) AS people,
        sumMapIf([b.referrer], [1], b.acted AND b.current AND b.referrer != '') AS referrers
    FROM (
        SELECT
            e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
            e.event_type = {type:String} AS acted,
            if(acted, e.value, '') AS value,
            e.place_of AS place_of,
            e.results AS results,
            e.referrer AS referrer,
            e.vh AS vh,
            e.event_time <= k.`end` AS inside,
            k.start AS start,
            inside AND k.won AS won,
            if(p.ph = 0, e.vh, p.ph) AS person
        FROM (
            SELECT
                vh, event_time, event_type, is_bot,
                multiIf(
                    {type:String} = 'search', search_term,
                    {type:String} = 'error', path,
                    {type:String} = 'form' AND target = '', event_name,
                    target
                ) AS value,
                multiIf(
                    {type:String} = 'form', path,
                    {type:String} = 'error' AND event_name != '', event_name,
                    {type:String} = 'error', JSONExtractRaw(properties, 'status'),
                    ''
                ) AS place_of,
                if(
                    {type:String} = 'search',
                    coalesce(
                        toFloat64OrNull(trim(BOTH '"' FROM JSONExtractRaw(properties, 'results'))),
                        toFloat64OrNull(trim(BOTH '"' FROM JSONExtractRaw(properties, 'search_count'))),
                        toFloat64OrNull(trim(BOTH '"' FROM JSONExtractRaw(properties, 'results_count')))
                    ),
                    NULL
                ) AS results,
                if({type:String} = 'error', referrer, '') AS referrer
            FROM events FINAL
            WHERE site_id = {site_id:String}
                AND event_time >= {since:DateTime64(3, 'UTC')}
                AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
                AND event_time < {until:DateTime64(3, 'UTC')}
                AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
                AND (event_time < {cut:DateTime64(3, 'UTC')} OR event_time >= {middle:DateTime64(3, 'UTC')})
                AND (
                    event_type = {type:String}
                    OR ({type:String} = 'form' AND event_type IN ('page_view', 'screen_view'))
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
        LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
        WHERE if({active:UInt8}, inside AND NOT k.is_bot AND NOT e.is_bot, NOT e.is_bot)
            OR ({bots:UInt8} AND inside)
    ) AS b
    GROUP BY b.value, b.place_of
) AS d
QUALIFY d.listed AND place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64}
ORDER BY place
