-- The events a funnel looks at, one row each: of which unit, when, and as the bits of `mark` what it fits.
-- An event belongs to the session of its visitor that starts last before it, if that one has not ended.
-- Left out: bots, and what lies in a session of a bot.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    multiIf(
        {unit:String} = 'session', k.session_id,
        {unit:String} = 'visitor' OR p.person_id = '', e.visitor_id,
        p.person_id
    ) AS unit,
    toUnixTimestamp64Milli(e.event_time) - toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS at,
    e.seq AS seq,
    e.event_id AS event_id,
    e.visitor_id AS visitor_id,
    k.session_id != '' AND e.event_time <= k.`end` AS in_session,
    e.event_time < {ends:DateTime64(3, 'UTC')} AND (NOT {filtered:UInt8} OR (in_session AND k.kept)) AS inside,
    bitOr(e.mark, if(inside, {inside_bit:UInt64}, toUInt64(0))) AS mark,
    /*held*/ 1 AS held,
    /*value*/ 1 AS value
FROM (
    SELECT
        *,
        vh,
        bitOr(/*fits*/ 1, if(event_type IN {interactive:Array(String)}, {interactive_bit:UInt64}, toUInt64(0))) AS mark
    FROM events AS e FINAL
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND e.event_time < {until:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND bitAnd(mark, /*looked_at*/ 1) != 0
        AND (/*only*/ 1)
) AS e
ASOF LEFT JOIN (
    SELECT
        s.vh AS vh,
        s.start AS start,
        s.`end` AS `end`,
        s.session_id AS session_id,
        s.is_bot AS is_bot,
        /*sessions*/ 1 AS kept
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND (/*only*/ 1)
) AS k ON e.vh = k.vh AND e.event_time >= k.start
LEFT JOIN (
    SELECT visitor_id, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.visitor_id = e.visitor_id
WHERE ({bots:UInt8} OR NOT (e.is_bot OR (in_session AND k.is_bot)))
    AND ({unit:String} != 'session' OR in_session)
