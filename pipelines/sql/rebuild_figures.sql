-- What a rebuild is judged by; bots are left out, as in reports.
SELECT uniqExact(visitor_id) AS visitors, count() AS sessions, avg(is_bounce) AS bounce_rate,
  quantileExact(0.5)(toUnixTimestamp64Milli(`end`) - toUnixTimestamp64Milli(start)) / 1000 AS median_duration_s,
  avg(toUnixTimestamp64Milli(`end`) - toUnixTimestamp64Milli(start)) / 1000 AS mean_duration_s,
  sum(revenue) AS revenue
FROM sessions FINAL WHERE site_id = {site_id:String} AND NOT is_bot
