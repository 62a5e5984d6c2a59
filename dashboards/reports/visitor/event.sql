-- One event as it is stored.
SELECT *
FROM events FINAL
WHERE site_id = {site_id:String}
    AND toDate(event_time) = toDate({at:DateTime64(3, 'UTC')})
    AND vh = sipHash64({visitor_id:String})
    AND visitor_id = {visitor_id:String}
    AND event_id = {event_id:String}
LIMIT 1
