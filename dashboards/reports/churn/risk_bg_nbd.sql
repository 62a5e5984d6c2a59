(if(active_days > 1, 1 / (1 + exp(-(
    log({a:Float64} / ({b:Float64} + greatest(active_days - 1, 1) - 1))
    + ({r:Float64} + active_days - 1) * log(({alpha:Float64} + tenure) / ({alpha:Float64} + k.last - k.first))
))), 0.) AS gone) + (1 - gone) * (exp(
    ({r:Float64} + active_days - 1)
    * log(({alpha:Float64} + tenure) / ({alpha:Float64} + tenure + {horizon:Float64}))
) AS waits)
