-- From how much each coefficient moves the log-odds, and the covariance of the coefficients.
sqrt(greatest(0, arraySum(
    (row, here) -> here * arraySum((one, there) -> one * there, row, slope),
    {covariance:Array(Array(Float64))},
    /*slope*/ 1 AS slope
)))
