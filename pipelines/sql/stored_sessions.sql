-- Session rows that start inside chains; `chains` (site_id, visitor_id, first, last) is sent along.
SELECT * FROM sessions FINAL
WHERE (site_id, vh) IN (SELECT site_id, sipHash64(visitor_id) FROM chains)
  AND start >= (SELECT min(first) FROM chains) AND start <= (SELECT max(last) FROM chains)
