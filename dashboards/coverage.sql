-- What the events of a period rest on: bots among them, and human ones that came late.
SELECT
    countIf(e.is_bot) AS bots,
    count() AS events,
    countIf(NOT e.is_bot AND e.received_at > e.event_time + toIntervalSecond({timeout_s:UInt32})) AS late
FROM events AS e FINAL
WHERE e.site_id = {site_id:String}
    AND e.event_time >= {since:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
    AND e.event_time < {until:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')}))
