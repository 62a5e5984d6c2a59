-- Whether an id stands anywhere: in an edge, as a visitor, or (user:…) as the user of an event.
SELECT 1 AS found FROM identity_edges WHERE site_id = {site_id:String} AND (id_a = {id:String} OR id_b = {id:String})
LIMIT 1
UNION ALL
SELECT 1 FROM sessions
WHERE site_id = {site_id:String} AND vh = sipHash64({id:String}) AND visitor_id = {id:String}
LIMIT 1
UNION ALL
SELECT 1 FROM events
WHERE site_id = {site_id:String} AND vh = sipHash64({id:String}) AND visitor_id = {id:String}
LIMIT 1
UNION ALL
SELECT 1 FROM events
WHERE site_id = {site_id:String} AND startsWith({id:String}, 'user:') AND user_id = substring({id:String}, 6)
LIMIT 1
