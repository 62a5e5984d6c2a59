-- How many human sessions start in the period.
SELECT count() AS total
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
