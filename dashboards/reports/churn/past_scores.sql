-- The kept risks of some persons by day: for one primary event and horizon.
SELECT person_id, as_of, risk
FROM visitor_scores FINAL
WHERE site_id = {site_id:String}
    AND primary_event = {primary:String}
    AND horizon_days = {horizon_days:Int64}
    AND person_id IN {names:Array(String)}
    AND as_of <= {by:Date}
ORDER BY person_id, as_of
