-- Standing sessions of one slice of the visitors that start in a range of time.
SELECT * FROM sessions FINAL
WHERE site_id = {site_id:String} AND vh % {slices:UInt64} = {slice:UInt64}
  AND start >= {start:DateTime64(3,'UTC')} AND start < {end:DateTime64(3,'UTC')}
