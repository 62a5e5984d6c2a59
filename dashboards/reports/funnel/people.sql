-- The people among the entries: all that entered, or that reached a step, left after it or may still go on.
SELECT DISTINCT if(p.person_id = '', u.visitor, p.person_id) AS person_id
FROM /*units*/ 1 AS u
LEFT JOIN (
    SELECT visitor_id, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.visitor_id = u.visitor
WHERE multiIf(
        {who:String} = 'reached', u.after_ms[{who_step:UInt8}] >= 0,
        {who:String} = 'left', u.stopped = {who_step:UInt8} AND u.stopped < {last_step:UInt8} AND NOT u.in_progress,
        {who:String} = 'waiting', u.stopped = {who_step:UInt8} AND u.in_progress,
        1
    )
    AND (NOT {of_segment:UInt8} OR u.value = {segment:String})
