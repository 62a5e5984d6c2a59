-- The paths on one page of the list of pages, where that follows from the views alone: without a filter, by views,
-- their change or the path. The rest is counted for these alone (pages.sql, which orders them the same way).
-- Rows are counted where they are: to drop the others first would copy what is left.
SELECT
    path AS value,
    countIf(viewed AND current) AS views,
    countIf(viewed AND NOT current) AS views_before,
    count() OVER () AS found,
    row_number() OVER (
        ORDER BY
            multiIf(
                {sort:String} = 'change', if(views_before = 0, inf, views / greatest(views_before, 1)),
                {sort:String} = 'views', toFloat64(views),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, value, '') DESC,
            if({sort:String} = 'value', 0, views) DESC,
            value
    ) AS place
FROM (
    SELECT
        path,
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
)
GROUP BY path
HAVING views > 0 OR views_before > 0
QUALIFY place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64}
