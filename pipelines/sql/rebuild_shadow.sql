-- What the shadow holds of a slice's touched visitors.
SELECT * FROM sessions_rebuild FINAL
WHERE site_id = {site_id:String} AND vh >= {first:UInt64} AND vh <= {last:UInt64} AND vh IN ({touched})
