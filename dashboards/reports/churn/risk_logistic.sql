1 / (1 + exp(-(
    {intercept:Float64} + arraySum(
        (weight, known, centre, scale) -> weight * (log1p(greatest(known, 0)) - centre) / scale,
        {weights:Array(Float64)},
        [
            toFloat64(silence), lateness, toFloat64(recent_days), toFloat64(season_days), toFloat64(active_days),
            toFloat64(tenure), mean_value
        ],
        {centres:Array(Float64)},
        {scales:Array(Float64)}
    )
)))
