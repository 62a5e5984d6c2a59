toUInt16(toDate(s.start, {zone:String})) - if(current, {first_day:UInt16}, {first_day_before:UInt16})
