SELECT count() AS events, max(version) AS newest FROM events WHERE site_id = {site_id:String}
