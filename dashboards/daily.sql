-- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
SELECT vh
FROM events
WHERE site_id = {site_id:String} AND id_quality = 'salted_daily'
