-- How the people in play are spread: by hundredths of risk, newcomers apart, stage and band. `top` holds the first
-- thousand of each as a list would order them, so that the list needs no second pass.
SELECT
    f.active_days = 1 AS is_newcomer,
    toInt32(if(isNaN(f.risk), 0, least(99, floor(100 * f.risk)))) AS hundredth,
    f.stage AS stage,
    multiIf(isNaN(f.risk), '', f.risk < {low:Float64}, 'low', f.risk > {high:Float64}, 'high', 'medium') AS band,
    count() AS people,
    sum(if(isNaN(f.risk), 0, f.risk)) AS leavers,
    sum(if(isNaN(f.risk), 0, f.at_risk)) AS at_risk,
    groupArraySorted(1000)((
        -multiIf(
            {sort:String} = 'value', if(isNaN(f.risk), toFloat64(f.spent), f.at_risk),
            {sort:String} = 'seen', toFloat64(f.last),
            isNaN(f.risk), f.lateness,
            f.risk
        ),
        f.person
    )) AS top
FROM /*facts*/ 1 AS f
GROUP BY is_newcomer, hundredth, stage, band
ORDER BY is_newcomer, hundredth, stage, band
