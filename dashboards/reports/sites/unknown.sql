-- Senders of the last 24 hours whose site nobody knows.
SELECT detail, toString(protocol) AS protocol, count() AS hits, max(received_at) AS last
FROM failed_events FINAL
WHERE received_at >= {day_ago:DateTime64(3, 'UTC')} AND reason = 'unknown_site'
GROUP BY detail, protocol
ORDER BY hits DESC, detail, protocol
LIMIT 100
