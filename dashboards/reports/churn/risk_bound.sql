-- The end of the interval of a risk whose log-odds have the standard error `odds_error`.
bare / (bare + (1 - bare) * exp(/*away*/ 1 * odds_error))
