-- Days on which an event with one of these ids stands; `ids` is sent along.
SELECT site_id, visitor_id, event_id, toDate(event_time) AS day
FROM events
WHERE site_id IN (SELECT site_id FROM ids) AND eh IN (SELECT sipHash64(event_id) FROM ids)
