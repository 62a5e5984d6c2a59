-- How many people show each listed value of a session field in either of two periods, [middle, until) and
-- [since, cut), and how many come in each day or hour of [middle, until) and [since, middle). A person is one row of
-- masks, with a bit for each value that a session of theirs shows and one for each day: less work than to count
-- people for each of them. Persons are joined to one row of each visitor. A source with its medium is the bit that
-- both share. place: of the bit, 64 a mask; 63 is of everybody, 192 and after are the days.
SELECT
    place,
    countIf(b.current) AS visitors,
    countIf(NOT b.current) AS visitors_before
FROM (
    SELECT
        v.current AS current,
        if(p.ph = 0, v.vh, p.ph) AS person,
        groupBitOr(v.mask_0) AS mask_0,
        groupBitOr(v.mask_1) AS mask_1,
        groupBitOr(v.mask_2) AS mask_2,
        groupBitOr(v.days) AS days
    FROM (
        SELECT
            c.vh AS vh,
            c.current AS current,
            groupBitOrIf(c.mask_0, c.compared) AS mask_0,
            groupBitOrIf(c.mask_1, c.compared) AS mask_1,
            groupBitOrIf(c.mask_2, c.compared) AS mask_2,
            groupBitOr(c.day) AS days
        FROM (
            SELECT
                s.vh AS vh,
                s.start >= {middle:DateTime64(3, 'UTC')} AS current,
                current OR s.start < {cut:DateTime64(3, 'UTC')} AS compared,
                bitOr(bitOr(bitOr(
                    transform(s.entry_path, {entry_path:Array(String)}, {entry_path_bits:Array(UInt64)}, toUInt64(0)),
                    transform(
                        s.channel_group, {channel_group:Array(String)}, {channel_group_bits:Array(UInt64)}, toUInt64(0)
                    )),
                    transform(
                        s.device_class, {device_class:Array(String)}, {device_class_bits:Array(UInt64)}, toUInt64(0)
                    )),
                    bitShiftLeft(toUInt64(1), 63)
                ) AS mask_0,
                bitOr(bitOr(
                    transform(s.browser, {browser:Array(String)}, {browser_bits:Array(UInt64)}, toUInt64(0)),
                    transform(s.os, {os:Array(String)}, {os_bits:Array(UInt64)}, toUInt64(0))),
                    transform(s.country, {country:Array(String)}, {country_bits:Array(UInt64)}, toUInt64(0))
                ) AS mask_1,
                bitOr(
                    bitAnd(
                        transform(s.source, {source:Array(String)}, {source_bits:Array(UInt64)}, toUInt64(0)),
                        transform(s.medium, {medium:Array(String)}, {medium_bits:Array(UInt64)}, toUInt64(0))
                    ),
                    transform(s.campaign, {campaign:Array(String)}, {campaign_bits:Array(UInt64)}, toUInt64(0))
                ) AS mask_2,
                /*day*/ 1 AS day
            FROM sessions AS s FINAL
            WHERE s.site_id = {site_id:String}
                AND s.start >= {since:DateTime64(3, 'UTC')}
                AND s.start < {until:DateTime64(3, 'UTC')}
                AND (NOT s.is_bot OR {bots:UInt8})
                AND /*sessions*/ 1
        ) AS c
        GROUP BY vh, current
    ) AS v
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
    GROUP BY current, person
) AS b
ARRAY JOIN arrayConcat(
    arrayMap(at -> toUInt16(at), bitPositionsToArray(b.mask_0)),
    arrayMap(at -> at + 64, bitPositionsToArray(b.mask_1)),
    arrayMap(at -> at + 128, bitPositionsToArray(b.mask_2)),
    arrayMap(at -> at + 192, bitPositionsToArray(b.days))
) AS place
GROUP BY place
