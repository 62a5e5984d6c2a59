-- The events of two periods by event_time, in a session or not: `current`, or `before` it up to the instant `cut`; a few
-- are neither. Rows are marked where they are: to drop the others first would copy what is left.
-- The day is asked for, for the index alone: only so does the engine use the sort key. Where paths are asked for they
-- come first: of the few events that are left the other conditions are quick.
SELECT
    e.vh AS vh,
    e.path AS path,
    e.event_time >= {middle:DateTime64(3, 'UTC')} AND e.event_time < {until:DateTime64(3, 'UTC')} AS current,
    e.event_time >= {since:DateTime64(3, 'UTC')} AND e.event_time < {cut:DateTime64(3, 'UTC')} AS before,
    e.event_type IN ('page_view', 'screen_view') AS is_view,
    e.is_bot AS is_bot,
    NOT e.is_bot OR {bots:UInt8} AS counted
FROM (
    SELECT vh, path, event_time, event_type, is_bot
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND /*paths*/ 1
) AS e
