-- People whose first visit of all history starts in the report: when it ended and when the next one
-- starts, 1970 if there is none. A visit on another device that starts before the first has ended
-- is part of it. Reads all history up to now.
-- The sessions of one visitor do not overlap, so their first two are enough; only of visitors who are joined
-- to others all are kept. A session is its start and end in one number: tuples are compared six times slower.
SELECT
    if(p.ph = 0, v.vh, p.ph) AS person,
    min(v.visits[1]) AS first_visit,
    fromUnixTimestamp64Milli(toInt64(bitShiftRight(first_visit, 64)), 'UTC') AS first,
    fromUnixTimestamp64Milli(toInt64(bitAnd(first_visit, 0xFFFFFFFFFFFFFFFF)), 'UTC') AS ended,
    if(
        any(p.ph = 0),
        fromUnixTimestamp64Milli(toInt64(bitShiftRight(any(v.visits[2]), 64)), 'UTC'),
        arrayReduce('min', arrayFilter(at -> at > ended, groupArrayArray(v.starts)))
    ) AS next
FROM (
    SELECT
        s.vh AS vh,
        groupArraySorted(2)(
            bitShiftLeft(toUInt128(toUnixTimestamp64Milli(s.start)), 64) + toUInt64(toUnixTimestamp64Milli(s.`end`))
        ) AS visits,
        groupArrayIf(s.start, s.vh IN (SELECT vh FROM /*persons*/ 1)) AS starts
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
