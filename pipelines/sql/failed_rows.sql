-- Failed events to try again, in the order of the table, after a row; none that came after the replay began.
-- `mine`: the names of a site, empty for all; `known`: the names of all sites, where rows that name none count too.
SELECT site_id, failed_id, received_at, stage, reason, protocol, detail, raw_ref,
    base64Encode(envelope) AS envelope, history, rule_version, attempts, version
FROM failed_events FINAL
WHERE (empty({mine:Array(String)}) OR has({mine:Array(String)}, site_id)
        OR (notEmpty({known:Array(String)}) AND NOT has({known:Array(String)}, site_id)))
    AND ({reason:String} = '' OR reason = {reason:String})
    AND ({failed_id:String} = '' OR failed_id = {failed_id:String})
    AND version <= {newest:UInt64}
    AND (site_id, received_at, failed_id) > ({site_id:String}, {received_at:DateTime64(3, 'UTC')}, {after:String})
ORDER BY site_id, received_at, failed_id
LIMIT {limit:UInt32}
