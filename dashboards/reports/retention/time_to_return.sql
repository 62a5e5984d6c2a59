-- People whose first visit of all history starts in the report: whole seconds from its end to the start of the
-- next, or to now for those who have not come back.
SELECT
    b.next > b.ended AS returned,
    intDiv(
        greatest(
            0,
            toUnixTimestamp64Milli(if(returned, b.next, {now:DateTime64(3, 'UTC')}))
            - toUnixTimestamp64Milli(b.ended)
        ),
        1000
    ) AS waited_s,
    count() AS people
FROM /*first_visits*/ 1 AS b
GROUP BY returned, waited_s
