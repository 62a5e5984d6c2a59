-- People with an event in the period that has the property.
SELECT DISTINCT if(p.person_id = '', e.visitor_id, p.person_id) AS person_id
FROM (
    SELECT visitor_id, vh
    FROM events AS e FINAL
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND e.event_time < {until:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND /*property*/ 1
) AS e
LEFT JOIN (
    SELECT sipHash64(visitor_id) AS vh, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.vh = e.vh
