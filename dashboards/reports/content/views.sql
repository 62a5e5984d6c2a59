-- Events of all paths; those that are `viewed` count. Rows are counted where they are: to drop the others first would
-- copy what is left.
SELECT
    path,
    vh,
    event_time >= {middle:DateTime64(3, 'UTC')} AS current,
    event_time >= {since:DateTime64(3, 'UTC')}
        AND event_time < {until:DateTime64(3, 'UTC')}
        AND (event_time < {cut:DateTime64(3, 'UTC')} OR current)
        AND event_type IN ('page_view', 'screen_view')
        AND NOT is_bot AS viewed
FROM events FINAL
WHERE site_id = {site_id:String}
    AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
    AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
    AND ({q:String} = '' OR positionCaseInsensitiveUTF8(path, {q:String}) > 0)
