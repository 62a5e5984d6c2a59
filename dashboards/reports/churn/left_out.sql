-- The visitors with a human session in the days in which people are in play, and those of them whose id lasts one
-- day only.
SELECT
    uniqExact(s.vh) AS visitors,
    uniqExactIf(s.vh, s.vh IN /*daily*/ 1) AS left_out
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {until:DateTime64(3, 'UTC')} - toIntervalDay({within:Int32})
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND NOT s.is_bot
