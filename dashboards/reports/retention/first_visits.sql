-- People whose first visit of all history starts in the report: when it ended and when the next one
-- starts, 1970 if there is none. A visit on another device that starts before the first has ended
-- is part of it. Reads all history up to now.
-- A first visit is its start and end in one number: tuples are compared six times slower. Persons are joined to one
-- row of each visitor; only of those who are several the starts are looked through once more. A person's own name may
-- be that of a visitor, who has no row among persons then.
SELECT
    if(p.ph = 0, v.vh, p.ph) AS person,
    min(v.first_visit) AS first_visit,
    fromUnixTimestamp64Milli(toInt64(bitShiftRight(first_visit, 64)), 'UTC') AS first,
    fromUnixTimestamp64Milli(toInt64(bitAnd(first_visit, 0xFFFFFFFFFFFFFFFF)), 'UTC') AS ended,
    if(
        count() = 1,
        min(v.next),
        arrayReduce('min', arrayFilter(
            at -> at > ended,
            groupArrayArrayIf(v.starts, p.ph != 0 OR v.vh IN (SELECT ph FROM /*persons*/ 1))
        ))
    ) AS next
FROM (
    SELECT
        s.vh AS vh,
        groupArray(s.start) AS starts,
        min(
            bitShiftLeft(toUInt128(toUnixTimestamp64Milli(s.start)), 64) + toUInt64(toUnixTimestamp64Milli(s.`end`))
        ) AS first_visit,
        fromUnixTimestamp64Milli(toInt64(bitAnd(first_visit, 0xFFFFFFFFFFFFFFFF)), 'UTC') AS first_ended,
        arrayReduce('min', arrayFilter(at -> at > first_ended, starts)) AS next
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start <= {now:DateTime64(3, 'UTC')}
        AND (NOT s.is_bot OR {bots:UInt8})
        AND /*sessions*/ 1
    GROUP BY vh
) AS v
LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
-- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
WHERE v.vh NOT IN (
    SELECT vh
    FROM events
    WHERE site_id = {site_id:String}
        AND id_quality = 'salted_daily'
        AND toDate(event_time) <= toDate({now:DateTime64(3, 'UTC')})
)
GROUP BY person
HAVING first >= {begins:DateTime64(3, 'UTC')} AND first < {ends:DateTime64(3, 'UTC')}
