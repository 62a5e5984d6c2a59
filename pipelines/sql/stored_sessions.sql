-- Session rows of visitors; `wanted` (site_id, visitor_id, lowest, highest start) is sent along.
SELECT s.* FROM sessions AS s FINAL
WHERE s.site_id IN (SELECT site_id FROM wanted) AND s.vh IN (SELECT sipHash64(visitor_id) FROM wanted)
  AND s.start >= (SELECT min(lowest) FROM wanted) AND s.start <= (SELECT max(highest) FROM wanted)
