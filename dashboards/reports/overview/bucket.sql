if(
    {hours:UInt8},
    intDiv(
        toUnixTimestamp64Milli(s.start) - toUnixTimestamp64Milli(
            if(current, {middle:DateTime64(3, 'UTC')}, {since:DateTime64(3, 'UTC')})
        ),
        3600000
    ),
    toInt64(toDate(s.start, {zone:String})) - if(current, {first_day:Int64}, {first_day_before:Int64})
)
