SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
FROM persons FINAL
WHERE site_id = {site_id:String}
