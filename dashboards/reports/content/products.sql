-- Products of two periods: seen, put in the cart, bought: [middle, until), and [since, cut) before it.
-- An order that came twice (same visitor, same order_id) counts with its first event.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    d.*,
    count() OVER () AS found,
    row_number() OVER (
        ORDER BY
            multiIf(
                {sort:String} = 'visitors', toFloat64(d.visitors),
                {sort:String} = 'carts', toFloat64(d.carts),
                {sort:String} = 'orders', toFloat64(d.orders),
                {sort:String} = 'quantity', d.quantity,
                {sort:String} = 'rate', d.buyers / greatest(d.people, 1),
                {sort:String} = 'change', if(d.views_before = 0, inf, d.views / greatest(d.views_before, 1)),
                {sort:String} = 'revenue', toFloat64(d.revenue),
                {sort:String} = 'views', toFloat64(d.views),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, d.value, '') DESC,
            if({sort:String} = 'value', 0, d.views) DESC,
            d.value
    ) AS place
FROM (
    SELECT
        b.sku AS value,
        argMaxIf(b.name, (b.event_time, b.event_id), b.name != '') AS name,
        countIf(b.current AND b.event_type = 'product_view') AS views,
        countIf(NOT b.current AND b.event_type = 'product_view') AS views_before,
        uniqExactIf(b.person, b.current AND b.event_type = 'product_view') AS visitors,
        countIf(b.current AND b.event_type = 'add_to_cart') AS carts,
        uniqExactIf((b.vh, b.event_id), b.current AND b.event_type = 'order') AS orders,
        uniqExactIf(b.person, b.current AND b.event_type = 'order') AS buyers,
        uniqExactIf(b.person, b.current) AS people,
        sumIf(b.quantity, b.current) AS quantity,
        sumIf(b.revenue, b.current) AS revenue,
        sumIf(b.revenue, NOT b.current) AS revenue_before
    FROM (
        SELECT
            a.* EXCEPT (products),
            arrayJoin(a.products) AS product,
            product.1 AS sku,
            product.2 AS name,
            toFloat64(product.3) AS quantity,
            if(a.ours, product.3 * product.4, toDecimal128(0, 8)) AS revenue
        FROM (
            SELECT
                e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
                e.event_time AS event_time,
                e.event_type AS event_type,
                e.event_id AS event_id,
                e.vh AS vh,
                e.ours AS ours,
                e.event_time <= k.`end` AS inside,
                if(p.ph = 0, e.vh, p.ph) AS person,
                if(
                    e.event_type = 'order',
                    arrayMap(
                        x -> (
                            arrayFirst(v -> v != '', arrayMap(
                                key -> if(
                                    JSONType(x, key) = 'String', JSONExtractString(x, key), JSONExtractRaw(x, key)
                                ),
                                ['sku', 'id', 'item_id', 'product_id']
                            )),
                            if(JSONHas(x, 'name'), JSONExtractString(x, 'name'), JSONExtractString(x, 'item_name')),
                            if(
                                JSONHas(x, 'quantity'),
                                toDecimal128OrZero(trim(BOTH '"' FROM JSONExtractRaw(x, 'quantity')), 4),
                                toDecimal128(1, 4)
                            ),
                            toDecimal128OrZero(trim(BOTH '"' FROM JSONExtractRaw(x, 'price')), 4)
                        ),
                        JSONExtractArrayRaw(e.items)
                    ),
                    [(e.target, e.name, toDecimal128(0, 4), toDecimal128(0, 4))]
                ) AS products
            FROM (
                SELECT
                    vh, event_time, event_type, event_id, is_bot, target, items,
                    if(event_type = 'order', '', JSONExtractString(properties, 'name')) AS name,
                    currency IN ('', {currency:String}) AS ours
                FROM events FINAL
                WHERE site_id = {site_id:String}
                    AND event_time >= {since:DateTime64(3, 'UTC')}
                    AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
                    AND event_time < {until:DateTime64(3, 'UTC')}
                    AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
                    AND (event_time < {cut:DateTime64(3, 'UTC')} OR event_time >= {middle:DateTime64(3, 'UTC')})
                    AND event_type IN ('product_view', 'add_to_cart', 'order')
                ORDER BY event_time, seq, event_id
                LIMIT 1 BY vh, if(event_type = 'order' AND order_id != '', (1, order_id), (0, event_id))
            ) AS e
            ASOF LEFT JOIN (
                SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`, s.is_bot AS is_bot
                FROM sessions AS s FINAL
                WHERE s.site_id = {site_id:String}
                    AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
                    AND s.start < {until:DateTime64(3, 'UTC')}
                    AND /*sessions*/ 1
            ) AS k ON e.vh = k.vh AND e.event_time >= k.start
            LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
            WHERE if({active:UInt8}, inside AND NOT k.is_bot AND NOT e.is_bot, NOT e.is_bot)
                OR ({bots:UInt8} AND inside)
        ) AS a
    ) AS b
    WHERE b.sku != ''
    GROUP BY b.sku
    HAVING {q:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', name), {q:String}) > 0
) AS d
QUALIFY place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64}
ORDER BY place
