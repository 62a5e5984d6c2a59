-- Every row, superseded and deleted ones too, of the orders and refunds that name one of `orders` (site_id,
-- order_id), which is sent along. A tombstone names no order: its event is found first.
SELECT {columns} FROM events
WHERE site_id IN (SELECT site_id FROM orders) AND eh IN (
    SELECT eh FROM events
    WHERE site_id IN (SELECT site_id FROM orders) AND order_id IN (SELECT order_id FROM orders)
      AND event_type IN ('order', 'refund')
)
