-- Failed events that came from records `first` to `last` of a partition of the log.
SELECT site_id, failed_id, received_at, stage, reason, protocol, raw_ref FROM failed_events FINAL
WHERE startsWith(raw_ref, {partition:String})
  AND toUInt64OrZero(splitByChar(':', raw_ref)[3]) BETWEEN {first:UInt64} AND {last:UInt64}
