-- The people asked for (`chosen`) with what all their sessions say, one page of them in the order asked for.
-- total and daily count all of them; daily: a visitor who is joined to nobody and whose id lasts one day.
SELECT
    c.person_id AS person_id,
    multiIf(startsWith(c.person_id, 'user:'), 'user', f.is_daily, 'salted_daily', 'durable') AS id_quality,
    f.sessions AS sessions,
    f.first_seen AS first_seen,
    f.last_seen AS last_seen,
    f.orders AS orders,
    f.revenue AS revenue,
    f.channel_group AS channel_group,
    f.country AS country,
    count() OVER () AS total,
    countIf(id_quality = 'salted_daily') OVER () AS daily
FROM (
    SELECT DISTINCT person_id, sipHash64(person_id) AS person
    FROM chosen
) AS c
LEFT JOIN (
    SELECT
        b.person AS person,
        max(b.is_daily) AS is_daily,
        count() AS sessions,
        min(b.start) AS first_seen,
        max(b.`end`) AS last_seen,
        sum(b.orders) AS orders,
        sum(b.revenue) AS revenue,
        argMin(b.channel_group, b.start) AS channel_group,
        argMax(b.country, b.start) AS country
    FROM (
        SELECT
            if(p.ph = 0, s.vh, p.ph) AS person,
            p.ph = 0 AND s.vh IN (
                SELECT vh
                FROM events
                WHERE site_id = {site_id:String}
                    AND id_quality = 'salted_daily'
                    AND toDate(event_time) >= toDate({daily_since:DateTime64(3, 'UTC')})
                    AND toDate(event_time) <= toDate({daily_until:DateTime64(3, 'UTC')})
            ) AS is_daily,
            s.start AS start,
            s.`end` AS `end`,
            s.orders AS orders,
            s.revenue AS revenue,
            s.channel_group AS channel_group,
            s.country AS country
        FROM sessions AS s FINAL
        LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
        WHERE s.site_id = {site_id:String}
            AND (NOT s.is_bot OR {bots:UInt8})
            AND person IN (SELECT sipHash64(person_id) FROM chosen)
    ) AS b
    GROUP BY b.person
) AS f ON f.person = c.person
WHERE {with_daily:UInt8} OR id_quality != 'salted_daily'
ORDER BY
    multiIf(
        {sort:String} = 'first_seen', toFloat64(toUnixTimestamp64Milli(f.first_seen)),
        {sort:String} = 'last_seen', toFloat64(toUnixTimestamp64Milli(f.last_seen)),
        {sort:String} = 'sessions', toFloat64(f.sessions),
        {sort:String} = 'orders', toFloat64(f.orders),
        {sort:String} = 'revenue', toFloat64(f.revenue),
        0
    ) * {direction:Int8},
    if({sort:String} = 'country', f.country = '', f.channel_group = '' AND {sort:String} = 'channel_group'),
    multiIf(
        {sort:String} = 'channel_group', f.channel_group,
        {sort:String} = 'country', f.country,
        {sort:String} = 'id_quality', toString(id_quality),
        ''
    ),
    f.last_seen DESC,
    c.person_id
LIMIT {page_size:UInt64} OFFSET {page_begin:UInt64}
