-- Standing refunds of `orders` (order_id), which is sent along, whoever sent them.
SELECT {rule_columns} FROM events FINAL
WHERE site_id = {site_id:String} AND event_type = 'refund' AND order_id IN (SELECT order_id FROM orders)
