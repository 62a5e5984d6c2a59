-- Events of visitors on days; `days` (site_id, visitor_id, day) is sent along. No FINAL: the reader of the
-- rows drops superseded ones, which costs an eighth of what FINAL does here.
SELECT {columns} FROM events
WHERE (site_id, toDate(event_time), vh) IN (SELECT site_id, day, sipHash64(visitor_id) FROM days)
