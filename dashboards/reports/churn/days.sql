-- The days on which people were active, and what they ordered on them, from the sessions that start before `until`.
-- People are hashes of their ids. The net revenue of a visit does not count where visits are the primary event.
SELECT
    if(p.ph = 0, s.vh, p.ph) AS person_id,
    toDate(toDate32(s.start, {zone:String})) AS day,
    if({orders:UInt8}, toFloat64(sum(s.revenue)), 0.) AS value
FROM sessions AS s FINAL
LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
WHERE s.site_id = {site_id:String}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND NOT s.is_bot
    AND (s.orders > 0 OR NOT {orders:UInt8})
    AND s.vh NOT IN /*daily*/ 1
GROUP BY person_id, day
