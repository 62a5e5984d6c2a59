SELECT * FROM identity_edges FINAL WHERE site_id = {site_id:String}
