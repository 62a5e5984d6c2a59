-- Stored copies of events; `ids` (site_id, visitor_id, event_id) is sent along. A repeat may lie at any time:
-- the index on eh finds it.
SELECT {columns} FROM events
WHERE site_id IN (SELECT site_id FROM ids) AND eh IN (SELECT sipHash64(event_id) FROM ids)
  AND (site_id, visitor_id, event_id) IN (SELECT site_id, visitor_id, event_id FROM ids)
