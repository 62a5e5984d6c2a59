-- Every stored row, deleted ones too, of `ids` (visitor_id, event_id), and of what came with `records` (record).
SELECT * FROM events
WHERE site_id = {site_id:String} AND (
    eh IN (SELECT sipHash64(event_id) FROM ids) AND (visitor_id, event_id) IN (SELECT visitor_id, event_id FROM ids)
    OR received_at >= {first:DateTime64(3,'UTC')} AND received_at <= {last:DateTime64(3,'UTC')}
      AND extract(raw_ref, '^log:\\d+:\\d+') IN (SELECT record FROM records)
)
