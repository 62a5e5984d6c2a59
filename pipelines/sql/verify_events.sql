-- Standing events of one slice of the visitors; of those only that were active in a range of time.
SELECT {rule_columns} FROM events FINAL
WHERE site_id = {site_id:String} AND vh % {slices:UInt64} = {slice:UInt64}
  AND ({every:Bool} OR vh IN (
    SELECT vh FROM events WHERE site_id = {site_id:String} AND event_time >= {start:DateTime64(3,'UTC')} AND event_time < {end:DateTime64(3,'UTC')}
    UNION ALL
    SELECT vh FROM sessions WHERE site_id = {site_id:String} AND start >= {start:DateTime64(3,'UTC')} AND start < {end:DateTime64(3,'UTC')}
  ))
