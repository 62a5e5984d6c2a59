1 / (1 + exp(-(
    {shift_intercept:Float64}
    + {shift_slope:Float64} * log(
        least(greatest(/*risk*/ 1, 1e-6), 1 - 1e-6) / (1 - least(greatest(/*risk*/ 1, 1e-6), 1 - 1e-6))
    )
)))
