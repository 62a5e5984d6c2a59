SELECT count() AS events, max(event_time) AS latest, countIf(event_type = 'refund') AS refunds
FROM events WHERE site_id = {site_id:String}
