-- The whole histories of a slice's touched visitors. The range of vh is a range of the sort key inside a day.
SELECT {rule_columns} FROM events FINAL
WHERE site_id = {site_id:String} AND vh >= {first:UInt64} AND vh <= {last:UInt64} AND vh IN ({touched})
