-- Sessions number `first` to `first + sessions` of a made-up site, one row each, with its events as arrays.
-- Everything follows from the session's number. A visitor has a first day and a span of interest; visits lie in
-- both; few visitors have many. Made-up visits of one visitor may overlap, as real ones cannot: their places (seq)
-- are apart. Marks of an event: 1 add_to_cart, 2 order.
SELECT
    {site:String} AS site_id,
    concat('visitor-', lower(hex(sipHash64(who)))) AS visitor_id,
    lower(hex(cityHash64(n, 'session'))) AS session_id,
    fromUnixTimestamp64Milli(began, 'UTC') AS start,
    arrayMap(k -> began + 1000 * (k - 1) * (10 + h % 110), steps) AS times,
    arrayMap(
        k -> toUInt16(if(k = 1, 0, cityHash64(n, k) % 1000)),
        range(1, toUInt32(1 + intDiv(h, 977) % 12 + 1))
    ) AS draws,
    arrayEnumerate(draws) AS steps,
    arrayMap(k -> 12 * (cityHash64(session_id) % 64) + k, steps) AS places,
    draws[1] AS opened,
    arrayMap(d -> multiIf(
        d < 700, 'page_view', d < 800, 'click', d < 880, 'custom', d < 950, 'product_view',
        d < 980, 'add_to_cart', d < 990, 'checkout', 'order'
    ), draws) AS types,
    arrayMap((d, k) -> concat(
        ['/', '/hats', '/coats', '/shoes', '/sale', '/help', '/cart', '/about'][1 + cityHash64(n, k, 'p') % 8],
        '/', toString(cityHash64(n, k, 'q') % 50)
    ), draws, steps) AS paths,
    arrayMap(d -> toDecimal64(if(d >= 990, 5 + d % 120, 0), 4), draws) AS paid,
    ['google', 'direct', 'newsletter', 'partner.example', 'wap-portal', 'ads'][1 + intDiv(h, 13) % 6] AS source,
    ['organic', '', 'email', 'referral', 'referral', 'cpc'][1 + intDiv(h, 13) % 6] AS medium,
    ['Organic search', 'Direct', 'Email', 'Referral', 'Referral', 'Paid search'][1 + intDiv(h, 13) % 6]
        AS channel_group,
    if(medium IN ('email', 'cpc'), concat('campaign-', toString(intDiv(h, 31) % 20)), '') AS campaign,
    if(intDiv(h, 13) % 6 = 4, 'wap', 'web') AS channel,
    ['desktop', 'phone', 'phone', 'tablet', 'feature_phone'][1 + who % 5] AS device_class,
    ['Windows', 'Android', 'iOS', 'iPadOS', 'Other'][1 + who % 5] AS os,
    ['Chrome', 'Chrome Mobile', 'Mobile Safari', 'Mobile Safari', 'Other'][1 + who % 5] AS browser,
    ['DE', 'FR', 'GB', 'CN', 'US', 'PL', 'NL', 'ES'][1 + intDiv(who, 5) % 8] AS country,
    intDiv(who, 7) % 33 = 0 AS is_bot
FROM (
    SELECT
        number AS n,
        cityHash64(number, 'shop') AS h,
        toUInt64({visitors:UInt64} * pow((cityHash64(number, 'who') % 1000003) / 1000003, 2)) AS who,
        (cityHash64(who, 'born') % 1000003) / 1000003 AS born,
        1 - exp(-3 * (cityHash64(number, 'when') % 1000003) / 1000003) AS part,
        least(1 - born, (1 + cityHash64(who, 'span') % 60) / 90) AS span,
        toInt64({begin_ms:Int64} + {length_ms:Int64} * (born + span * part)) AS began
    FROM numbers({first:UInt64}, {sessions:UInt64})
)
