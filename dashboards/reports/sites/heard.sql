-- One event of a site, if it ever sent any. Without FINAL: a row that was replaced is an event as well.
SELECT 1 AS heard
FROM events
WHERE site_id = {site_id:String} AND NOT is_deleted
LIMIT 1
