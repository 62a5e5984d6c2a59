-- The risk of everybody in play under their names.
INSERT INTO visitor_scores (site_id, person_id, primary_event, horizon_days, as_of, model, risk, version)
SELECT {site_id:String}, n.name, {primary:String}, {horizon_days:Int64}, {as_of:Date}, {model:String}, f.risk, {version:UInt64}
FROM /*facts*/ 1 AS f
JOIN /*names*/ 1 AS n ON n.person = f.person
