-- One row per person of what is known of them at the instant `until`, on the day `today` of the site (days since
-- 1970), and of what follows from it with the coefficients of a kept forecast. Those silent for `within` days are out.
SELECT
    k.*,
    {today:Int32} - k.last AS silence,
    {today:Int32} - k.first AS tenure,
    (2 * {site_gap:Float64} + k.last - k.first) / (2 + k.active_days - 1) AS usual_gap,
    silence / usual_gap AS lateness,
    k.value / k.active_days AS mean_value,
    -- The risk as the model says it, the risk shifted to what came of it lately, and the ends of its 95 % interval.
    /*bare*/ 1 AS bare,
    /*risk*/ 1 AS risk,
    /*odds_error*/ 1 AS odds_error,
    /*low*/ 1 AS risk_low,
    /*high*/ 1 AS risk_high,
    /*stage*/ 1 AS stage,
    risk * toFloat64(k.spent) AS at_risk
FROM (
    SELECT
        if(p.ph = 0, s.vh, p.ph) AS person,
        arraySort(groupUniqArray(toInt32(toDate32(s.start, {zone:String})))) AS days,
        toInt32(length(days)) AS active_days,
        days[1] AS first,
        days[-1] AS last,
        if(active_days > 1, last - days[-2], 0) AS last_gap,
        toInt32(arrayCount(d -> {today:Int32} - d < {recent:Int32}, days)) AS recent_days,
        toInt32(arrayCount(d -> {today:Int32} - d < {season:Int32}, days)) AS season_days,
        toInt32(arrayCount(d -> {today:Int32} - d < 90, days)) AS quarter_days,
        toInt32(arrayCount(d -> {today:Int32} - d >= 90 AND {today:Int32} - d < 180, days)) AS previous_quarter_days,
        if({orders:UInt8}, toFloat64(sum(s.revenue)), 0.) AS value,
        sumIf(s.revenue, s.start >= {until:DateTime64(3, 'UTC')} - toIntervalDay(365)) AS spent,
        max(/*sessions*/ 1) AS is_kept
    FROM sessions AS s FINAL
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
    WHERE s.site_id = {site_id:String}
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND NOT s.is_bot
        AND (s.orders > 0 OR NOT {orders:UInt8})
        AND /*asked*/ 1
        AND s.vh NOT IN /*daily*/ 1
    GROUP BY person
    HAVING is_kept
) AS k
WHERE {today:Int32} - k.last < {within:Int32}
