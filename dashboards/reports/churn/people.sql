-- The people of a list: newcomers, who have no rank, come after all others.
SELECT f.*
FROM /*facts*/ 1 AS f
WHERE ({band:String} = '' OR {band:String} = multiIf(f.risk < {low:Float64}, 'low', f.risk > {high:Float64}, 'high', 'medium'))
    AND ({stage:String} = '' OR {stage:String} = f.stage)
    AND (isNaN(f.risk) OR f.risk >= {above:Float64})
    AND (f.active_days > 1 OR NOT {ranked:UInt8})
ORDER BY
    f.active_days = 1 AND {sort:String} = 'risk',
    multiIf(
        {sort:String} = 'value', if(isNaN(f.risk), toFloat64(f.spent), f.at_risk),
        {sort:String} = 'seen', toFloat64(f.last),
        isNaN(f.risk), f.lateness,
        f.risk
    ) DESC,
    f.person
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
