-- The number of the day that holds an instant.
at -> toInt32(toDate(at, {zone:String}))
