arrayElement(
    /*shares*/ 1,
    toUInt32(
        1
        + arrayCount(edge -> silence >= edge, {recency:Array(Int64)}) * (length({frequency:Array(Int64)}) + 1)
        + arrayCount(edge -> active_days >= edge, {frequency:Array(Int64)})
    )
)
