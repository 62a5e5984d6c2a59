-- Events as acts: those that meet the start or the return condition, in a session or not.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    e.vh AS vh,
    e.event_time AS start,
    e.event_time AS `end`,
    /*starts*/ 1 AS starts,
    /*returns*/ 1 AS returns,
    toDecimal64(0, 4) AS revenue,
    /*place*/ 1 AS place,
    /*event_value*/ 1 AS value
FROM events AS e FINAL
WHERE e.site_id = {site_id:String}
    AND e.event_time >= {events_since:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) >= toDate({events_since:DateTime64(3, 'UTC')}))
    AND e.event_time < {ends:DateTime64(3, 'UTC')}
    AND e.event_time <= {now:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) <= toDate({ends:DateTime64(3, 'UTC')}))
    AND (NOT e.is_bot OR {bots:UInt8})
    AND (/*starts*/ 1 OR /*returns*/ 1)
