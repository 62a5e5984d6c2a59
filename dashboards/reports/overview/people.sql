-- How many people show each listed value of a session field in either of two periods: [middle, until), and
-- [since, cut) before it. A person is one row of three masks, with a bit for each value that a session of theirs
-- shows: less work than to count people for each value. place: of the bit, 64 a mask; 63 is of everybody.
SELECT
    place,
    countIf(b.current) AS visitors,
    countIf(NOT b.current) AS visitors_before
FROM (
    SELECT
        s.start >= {middle:DateTime64(3, 'UTC')} AS current,
        if(p.ph = 0, s.vh, p.ph) AS person,
        groupBitOr(bitOr(bitOr(
            transform(s.entry_path, {entry_path:Array(String)}, {entry_path_bits:Array(UInt64)}, toUInt64(0)),
            transform(s.channel_group, {channel_group:Array(String)}, {channel_group_bits:Array(UInt64)}, toUInt64(0))),
            transform(s.device_class, {device_class:Array(String)}, {device_class_bits:Array(UInt64)}, toUInt64(0))
        )) AS mask_0,
        groupBitOr(bitOr(bitOr(
            transform(s.browser, {browser:Array(String)}, {browser_bits:Array(UInt64)}, toUInt64(0)),
            transform(s.os, {os:Array(String)}, {os_bits:Array(UInt64)}, toUInt64(0))),
            transform(s.country, {country:Array(String)}, {country_bits:Array(UInt64)}, toUInt64(0))
        )) AS mask_1,
        groupBitOr(bitOr(
            transform(
                concat(s.source, '\n', s.medium), {source:Array(String)}, {source_bits:Array(UInt64)}, toUInt64(0)
            ),
            transform(s.campaign, {campaign:Array(String)}, {campaign_bits:Array(UInt64)}, toUInt64(0))
        )) AS mask_2
    FROM sessions AS s FINAL
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')}
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND (s.start < {cut:DateTime64(3, 'UTC')} OR s.start >= {middle:DateTime64(3, 'UTC')})
        AND (NOT s.is_bot OR {bots:UInt8})
        AND /*sessions*/ 1
    GROUP BY current, person
) AS b
ARRAY JOIN arrayConcat(
    [toUInt64(63)],
    bitPositionsToArray(b.mask_0),
    arrayMap(at -> at + 64, bitPositionsToArray(b.mask_1)),
    arrayMap(at -> at + 128, bitPositionsToArray(b.mask_2))
) AS place
GROUP BY place
