DELETE FROM sessions_rebuild WHERE vh NOT IN (SELECT vh FROM events WHERE site_id = {site_id:String})
