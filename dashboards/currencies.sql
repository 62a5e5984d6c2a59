-- Human orders of a period in another currency than the site's.
SELECT
    uniqExact(e.order_id) AS other_orders,
    arraySort(groupUniqArray(toString(e.currency))) AS other_currencies
FROM events AS e FINAL
WHERE e.site_id = {site_id:String}
    AND e.event_type = 'order'
    AND e.currency NOT IN ('', {currency:String})
    AND NOT e.is_bot
    AND e.event_time >= {since:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')}))
