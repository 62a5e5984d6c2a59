-- What the events of a period rest on.
SELECT
    uniqExactIf(b.vh, NOT b.is_bot AND b.id_quality IN ('user', 'cookie', 'url', 'subscriber')) AS durable,
    uniqExactIf(b.vh, NOT b.is_bot) AS visitors,
    countIf(b.is_bot) AS bots,
    count() AS events,
    countIf(NOT b.is_bot AND b.received_at > b.event_time + toIntervalSecond({timeout_s:UInt32})) AS late,
    uniqExactIf(b.order_id, b.other) AS other_orders,
    arraySort(groupUniqArrayIf(toString(b.currency), b.other)) AS other_currencies
FROM (
    SELECT
        vh, is_bot, id_quality, received_at, event_time, order_id, currency,
        event_type = 'order' AND NOT is_bot AND currency NOT IN ('', {currency:String}) AS other
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND event_time >= {since:DateTime64(3, 'UTC')}
        AND toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')})
        AND event_time < {until:DateTime64(3, 'UTC')}
        AND toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')})
) AS b
