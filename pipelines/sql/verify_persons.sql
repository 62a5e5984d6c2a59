SELECT * FROM persons FINAL WHERE site_id = {site_id:String}
