-- What happened to people lately and no forecast uses: how often, and when last.
SELECT person, kind, count() AS count, toDate(max(toDate32(event_time, {zone:String}))) AS last
FROM (
    SELECT
        if(p.ph = 0, e.vh, p.ph) AS person,
        e.event_time AS event_time,
        multiIf(
            e.event_type = 'complaint', 'complaint',
            e.event_type = 'refund', 'refund',
            e.event_type = 'error', 'error',
            'low_rating'
        ) AS kind
    FROM events AS e FINAL
    LEFT JOIN (
        SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
        FROM persons FINAL
        WHERE site_id = {site_id:String} AND sipHash64(person_id) IN {people:Array(UInt64)}
    ) AS p ON p.vh = e.vh
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {until:DateTime64(3, 'UTC')} - toIntervalDay(60)
        AND toDate(e.event_time) >= toDate({until:DateTime64(3, 'UTC')} - toIntervalDay(60))
        AND e.event_time < {until:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND e.vh IN (
            SELECT arrayJoin({people:Array(UInt64)})
            UNION ALL
            SELECT sipHash64(visitor_id)
            FROM persons FINAL
            WHERE site_id = {site_id:String} AND sipHash64(person_id) IN {people:Array(UInt64)}
        )
        AND (
            e.event_type IN ('complaint', 'refund', 'error')
            -- A rating of 2 or less; 0 says that none was given.
            OR (e.event_type = 'rating' AND e.value > 0 AND e.value <= 2)
        )
)
GROUP BY person, kind
ORDER BY person, kind
