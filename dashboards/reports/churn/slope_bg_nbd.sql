arrayMap(part -> part / greatest(bare, 1e-300), [
    {r:Float64} * (
        gone * log(({alpha:Float64} + tenure) / ({alpha:Float64} + k.last - k.first))
        + waits / (1 - waits) * log(({alpha:Float64} + tenure) / ({alpha:Float64} + tenure + {horizon:Float64}))
    ),
    {alpha:Float64} * ({r:Float64} + active_days - 1) * (
        gone * (1 / ({alpha:Float64} + tenure) - 1 / ({alpha:Float64} + k.last - k.first))
        + waits / (1 - waits) * (1 / ({alpha:Float64} + tenure) - 1 / ({alpha:Float64} + tenure + {horizon:Float64}))
    ),
    gone,
    -gone * {b:Float64} / ({b:Float64} + greatest(active_days - 1, 1) - 1)
])
