-- The number of the month that holds an instant.
at -> toInt32(toYear(at, {zone:String}) * 12 + toMonth(at, {zone:String}) - 1)
