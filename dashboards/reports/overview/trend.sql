-- How many people come in each day of a period that has more days than fit in the masks of people.sql.
SELECT
    /*bucket*/ 1 AS bucket,
    uniqExactIf(if(p.ph = 0, s.vh, p.ph), s.start >= {middle:DateTime64(3, 'UTC')} AS current) AS visitors,
    uniqExactIf(if(p.ph = 0, s.vh, p.ph), NOT current) AS visitors_before
FROM sessions AS s FINAL
LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
GROUP BY bucket
