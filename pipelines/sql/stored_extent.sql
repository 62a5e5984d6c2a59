SELECT count() AS events, max(event_time) AS latest FROM events WHERE site_id = {site_id:String}
