nan
