multiIf(
    risk >= {terminated:Float64}, 'termination',
    lateness > {late:Float64}, 'danger',
    last_gap > {away:Float64} * (usual_gap * (2 + active_days - 1) - last_gap) / (2 + active_days - 2)
        AND silence < {watched:Int32}, 'returned',
    active_days = 1, 'new',
    (quarter_days + 0.5) / (previous_quarter_days + 0.5) >= {growing:Float64}, 'growth',
    'stable'
)
