SELECT count() AS events FROM events WHERE site_id = {site_id:String}
