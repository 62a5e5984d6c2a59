SELECT failed_id, site_id, received_at, stage, reason, protocol, detail, raw_ref, attempts
FROM failed_events FINAL
WHERE ({site_id:String} = '' OR site_id = {site_id:String}) AND ({reason:String} = '' OR reason = {reason:String})
    AND ({failed_id:String} = '' OR failed_id = {failed_id:String})
ORDER BY received_at DESC, failed_id
LIMIT {limit:UInt32}
