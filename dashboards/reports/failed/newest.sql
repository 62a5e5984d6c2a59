-- The newest failed events of the period with the first of their bytes.
SELECT
    failed_id,
    site_id,
    received_at,
    toString(stage) AS stage,
    toString(reason) AS reason,
    toString(protocol) AS protocol,
    detail,
    attempts,
    length(raw) AS bytes,
    base64Encode(left(raw, 120)) AS begin
FROM failed_events FINAL
WHERE received_at >= {since:DateTime64(3, 'UTC')}
    AND received_at < {until:DateTime64(3, 'UTC')}
    AND (has({mine:Array(String)}, site_id) OR NOT has({known:Array(String)}, site_id))
ORDER BY received_at DESC, failed_id
LIMIT {limit:UInt32}
