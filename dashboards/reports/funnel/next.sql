-- What those did next who left: the first interactive event after the last required step, within the window.
-- Once by its type and, if it is a custom one, its name; once by its page. The most frequent of each step.
SELECT
    stopped,
    tupleElement(did, 1) AS by_path,
    tupleElement(did, 2) AS what,
    tupleElement(did, 3) AS name,
    count() AS units,
    sum(count()) OVER (PARTITION BY stopped, by_path) AS went_on
FROM (
    SELECT
        e.unit AS unit,
        any(u.stopped) AS stopped,
        argMin(e.value, (e.at, e.seq, e.event_id, e.visitor_id)) AS act
    FROM /*acts*/ 1 AS e
    INNER JOIN (
        SELECT unit, stopped, finish, began_ms + {window_ms:Int64} AS ends
        FROM /*units*/ 1
        WHERE stopped < {last_step:UInt8} AND NOT in_progress
    ) AS u ON u.unit = e.unit
    WHERE e.at <= u.ends
        AND (e.at, e.seq, e.event_id, e.visitor_id)
            > (tupleElement(u.finish, 1), tupleElement(u.finish, 2), tupleElement(u.finish, 3), tupleElement(u.finish, 4))
    GROUP BY e.unit
)
ARRAY JOIN [
    (0, tupleElement(act, 1), if(tupleElement(act, 1) = 'custom', tupleElement(act, 2), '')),
    (1, tupleElement(act, 3), '')
] AS did
GROUP BY stopped, by_path, what, name
ORDER BY stopped, by_path, units DESC, what, name
LIMIT {most_next:UInt8} BY stopped, by_path
