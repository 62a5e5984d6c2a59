SELECT
    failed_id, site_id, received_at, stage, reason, protocol, detail, raw, raw_ref, history, rule_version, attempts
FROM failed_events FINAL WHERE failed_id = {failed_id:String} LIMIT 1
