-- All events of a person: by visitor id and by channel.
SELECT
    if(grouping(visitor_id) = 0, 'ids', 'channels') AS list,
    visitor_id, channel,
    count() AS events,
    min(b.event_time) AS first_seen,
    max(b.event_time) AS last_seen,
    argMax(b.id_quality, (b.event_time, b.event_id)) AS id_quality,
    uniqExactIf(b.order_id, b.event_type = 'order' AND b.order_id != '') AS orders
FROM (
    SELECT
        visitor_id, toString(channel) AS channel, event_id, event_time, toString(id_quality) AS id_quality,
        order_id, event_type
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND vh IN (SELECT sipHash64(arrayJoin({ids:Array(String)})))
) AS b
GROUP BY GROUPING SETS ((visitor_id), (channel))
ORDER BY list, events DESC, visitor_id, channel
