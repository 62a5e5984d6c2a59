-- The newest kept forecast that was fitted by a day; without a horizon (0) one whose horizon the site chose.
SELECT document
FROM churn_models FINAL
WHERE site_id = {site_id:String}
    AND primary_event = {primary:String}
    AND as_of <= {by:Date}
    AND (horizon_days = {horizon_asked:Int64} OR ({horizon_asked:Int64} = 0 AND is_chosen))
ORDER BY as_of DESC
LIMIT 1
