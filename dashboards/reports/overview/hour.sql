intDiv(
    toUnixTimestamp64Milli(s.start) - toUnixTimestamp64Milli(
        if(current, {middle:DateTime64(3, 'UTC')}, {since:DateTime64(3, 'UTC')})
    ),
    3600000
)
