-- The visitors with a human session that touches the report, and those of them whose id lasts one day only.
SELECT
    uniqExact(s.vh) AS visitors,
    uniqExactIf(s.vh, s.vh IN /*daily*/ 1) AS left_out
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {begins:DateTime64(3, 'UTC')} - toIntervalDay(1)
    AND s.start < {ends:DateTime64(3, 'UTC')}
    AND s.start <= {now:DateTime64(3, 'UTC')}
    AND s.`end` >= {begins:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
