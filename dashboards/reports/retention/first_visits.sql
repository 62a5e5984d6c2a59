-- People whose first visit of all history starts in the report: when it ended and when the next one
-- starts, 1970 if there is none. A visit on another device that starts before the first has ended
-- is part of it. Reads all history up to now.
SELECT
    if(p.ph = 0, s.vh, p.ph) AS person,
    groupArray((s.start, s.`end`)) AS visits,
    arrayMin(visits) AS first_visit,
    first_visit.1 AS first,
    first_visit.2 AS ended,
    arrayReduce(
        'min', arrayFilter((at, e) -> at > e, visits.1, arrayWithConstant(length(visits), ended))
    ) AS next
FROM sessions AS s FINAL
LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
WHERE s.site_id = {site_id:String}
    AND s.start <= {now:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
    -- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
    AND s.vh NOT IN (
        SELECT vh
        FROM events
        WHERE site_id = {site_id:String}
            AND id_quality = 'salted_daily'
            AND toDate(event_time) <= toDate({now:DateTime64(3, 'UTC')})
    )
GROUP BY person
HAVING first >= {begins:DateTime64(3, 'UTC')} AND first < {ends:DateTime64(3, 'UTC')}
