-- The people of people.sql with their periods as bits, bit 0 for all before the report. Only where one value a person
-- is enough: without a breakdown, or for first starts. With them, if acts are sessions, the whole seconds from the end
-- of their first visit (its start and end in one number: tuples are compared six times slower) to the next, or to now.
-- A visit on another device that starts before the first has ended is part of it. Persons are joined to one row of each
-- visitor; of those who are several the starts are looked through once more. A person's name may be that of a visitor.
SELECT
    if(p.ph = 0, v.vh, p.ph) AS person,
    bitAnd(groupBitOr(v.started), bitShiftLeft(CAST(1, {mask:String}), {periods:Int32} + 1) - 1) AS started,
    bitAnd(groupBitOr(v.returned), bitShiftLeft(CAST(1, {mask:String}), {periods:Int32} + 1) - 1) AS returned,
    argMinIf(v.value, v.place, v.started != 0) AS value,
    groupArrayArray(v.paid) AS paid,
    min(v.first_visit) AS first_visit,
    toInt64(bitShiftRight(first_visit, 64)) AS first_ms,
    toInt64(bitAnd(first_visit, 0xFFFFFFFFFFFFFFFF)) AS ended_ms,
    first_ms >= toUnixTimestamp64Milli({begins:DateTime64(3, 'UTC')})
        AND first_ms < toUnixTimestamp64Milli({ends:DateTime64(3, 'UTC')}) AS is_new,
    if(count() = 1, min(v.next_ms), arrayMin(
        at -> if(at > ended_ms, at, 0x7FFFFFFFFFFFFFFF),
        groupArrayArrayIf(v.starts_ms, p.ph != 0 OR v.vh IN (SELECT ph FROM /*persons*/ 1))
    )) AS next_ms,
    next_ms < 0x7FFFFFFFFFFFFFFF AS is_back,
    intDiv(greatest(0, if(is_back, next_ms, toUnixTimestamp64Milli({now:DateTime64(3, 'UTC')})) - ended_ms), 1000)
        AS waited_s
FROM (
    SELECT
        t.vh AS vh,
        groupBitOrIf(t.mask, t.starts) AS started,
        groupBitOrIf(t.mask, t.returns) AS returned,
        /*first_value*/ 1 AS value,
        /*first_place*/ 1 AS place,
        groupArrayIf((t.first, t.revenue), t.revenue != 0 AND t.first <= {periods:Int32}) AS paid,
        groupArray(t.start_ms) AS starts_ms,
        min(bitShiftLeft(toUInt128(t.start_ms), 64) + toUInt64(t.end_ms)) AS first_visit,
        toInt64(bitAnd(first_visit, 0xFFFFFFFFFFFFFFFF)) AS first_ended_ms,
        arrayMin(at -> if(at > first_ended_ms, at, 0x7FFFFFFFFFFFFFFF), starts_ms) AS next_ms
    FROM (
        WITH
            /*number*/ 1 AS number,
            -- Bits outside the report: one for all before it, one for all after it.
            toInt32({base:Int32} - 1) AS before,
            toInt32({base:Int32} + {periods:Int32}) AS after,
            (at -> greatest(before, least(after, number(at))) - before) AS bit
        SELECT
            vh, starts, returns, revenue, place, value,
            toUnixTimestamp64Milli(start) AS start_ms,
            toUnixTimestamp64Milli(`end`) AS end_ms,
            bit(start) AS first,
            bitShiftLeft(CAST(1, {mask:String}), bit(`end`) + 1) - bitShiftLeft(CAST(1, {mask:String}), first) AS mask
        FROM /*acts*/ 1
    ) AS t
    GROUP BY vh
) AS v
LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
WHERE v.vh NOT IN /*daily*/ 1
GROUP BY person
