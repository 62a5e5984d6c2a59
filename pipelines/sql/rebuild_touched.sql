-- Visitors (their hashes) of one slice whose sessions may differ from those cut before `since` was written:
-- they have newer rows, retracted ones too, or an order that a newer refund gives back.
SELECT vh FROM events
WHERE site_id = {site_id:String} AND vh >= {first:UInt64} AND vh <= {last:UInt64}
  AND (version >= {since:UInt64} OR (event_type = 'order' AND order_id != '' AND order_id IN (
    SELECT order_id FROM events
    WHERE site_id = {site_id:String} AND event_type = 'refund' AND order_id != '' AND eh IN (
      SELECT eh FROM events WHERE site_id = {site_id:String} AND event_type = 'refund' AND version >= {since:UInt64}
    ) -- a retracted refund names no order any more: its older rows do
  )))
