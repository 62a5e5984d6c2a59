-- Events that stand and came from records `first` to `last` of a partition of the log.
SELECT * FROM events FINAL
WHERE (site_id, toDate(event_time), vh) IN (
    SELECT site_id, toDate(event_time), vh FROM events
    WHERE startsWith(raw_ref, {partition:String})
      AND toUInt64OrZero(splitByChar(':', raw_ref)[3]) BETWEEN {first:UInt64} AND {last:UInt64}
  )
  AND startsWith(raw_ref, {partition:String})
  AND toUInt64OrZero(splitByChar(':', raw_ref)[3]) BETWEEN {first:UInt64} AND {last:UInt64}
