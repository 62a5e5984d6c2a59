-- At most how many days of activity there are to learn from.
SELECT count() AS days FROM sessions WHERE site_id = {site_id:String} AND start < {until:DateTime64(3, 'UTC')}
