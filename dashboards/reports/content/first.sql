-- The paths on one page of the list of pages, where that follows from views and people alone: without a filter, by
-- views, their change, people or the path. The rest is counted for these alone (pages.sql, which orders them the same
-- way). People are counted only where they order the list.
SELECT
    path AS value,
    countIf(viewed AND current) AS views,
    countIf(viewed AND NOT current) AS views_before,
    /*people*/ 1 AS visitors,
    count() OVER () AS found,
    row_number() OVER (
        ORDER BY
            multiIf(
                {sort:String} = 'visitors', toFloat64(visitors),
                {sort:String} = 'change', if(views_before = 0, inf, views / greatest(views_before, 1)),
                {sort:String} = 'views', toFloat64(views),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, value, '') DESC,
            if({sort:String} = 'value', 0, views) DESC,
            value
    ) AS place
FROM /*views*/ 1
GROUP BY path
HAVING views > 0 OR views_before > 0
QUALIFY place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64}
