-- The events of events.sql as one number each: milliseconds since the begin of the period, then seq, then the bits
-- of `mark`. Units are hashes. Ids of events are not read: only events.sql knows the order of two events of a unit
-- at the same time and seq.
-- Sessions are asked for only where a unit, a filter or a bot among them needs one.
SELECT
    multiIf(
        {unit:String} = 'session', sipHash64(k.session_id),
        {unit:String} = 'visitor' OR p.ph = 0, e.vh,
        p.ph
    ) AS unit,
    k.start != toDateTime64(0, 3, 'UTC') AND e.event_time <= k.`end` AS in_session,
    e.event_time < {ends:DateTime64(3, 'UTC')} AND (NOT {filtered:UInt8} OR (in_session AND k.kept)) AS inside,
    bitOr(
        bitShiftLeft(
            toUInt64(toUnixTimestamp64Milli(e.event_time) - toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')})),
            {seq_bits:UInt8} + {mark_bits:UInt8}
        ),
        bitShiftLeft(
            toUInt64(least(greatest(e.seq, 0), bitShiftLeft(toInt64(1), {seq_bits:UInt8}) - 1)), {mark_bits:UInt8}
        )
    ) + e.mark + if(inside, {inside_bit:UInt64}, toUInt64(0)) AS key
FROM (
    SELECT
        vh,
        event_time,
        seq,
        is_bot,
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
        AND (s.is_bot OR {filtered:UInt8} OR {unit:String} = 'session')
        AND (/*only*/ 1)
) AS k ON e.vh = k.vh AND e.event_time >= k.start
LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
WHERE ({bots:UInt8} OR NOT (e.is_bot OR (in_session AND k.is_bot)))
    AND ({unit:String} != 'session' OR in_session)
