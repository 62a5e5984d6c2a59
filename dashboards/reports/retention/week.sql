-- The number of the week that holds an instant: the first day of 1970 is a Thursday, its Monday day -3.
at -> toInt32(intDiv(toUInt16(toDate(at, {zone:String})) + 3, 7))
