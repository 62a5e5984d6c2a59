-- One failed event, whole.
SELECT failed_id, raw_ref, rule_version, attempts, history, base64Encode(raw) AS raw
FROM failed_events FINAL
WHERE failed_id = {failed_id:String}
LIMIT 1
