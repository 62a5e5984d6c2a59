1 / (1 + exp(-(
    {intercept:Float64} + arraySum(
        (weight, z) -> weight * z,
        {weights:Array(Float64)},
        arrayMap(
            (known, centre, scale) -> (log1p(greatest(known, 0)) - centre) / scale,
            [
                toFloat64(silence), lateness, toFloat64(recent_days), toFloat64(season_days),
                toFloat64(active_days), toFloat64(tenure), mean_value
            ],
            {centres:Array(Float64)},
            {scales:Array(Float64)}
        ) AS standardised
    )
)))
