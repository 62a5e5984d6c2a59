-- Finds the order that a refund names, and the refunds of an order, whatever their times.
ALTER TABLE events ADD INDEX IF NOT EXISTS orders order_id TYPE bloom_filter(0.001) GRANULARITY 1;
