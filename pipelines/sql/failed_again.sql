-- Which of `ids` (site_id, failed_id), sent along, stand already: a file that is imported again fails again.
SELECT site_id, failed_id FROM failed_events FINAL
WHERE (site_id, failed_id) IN (SELECT site_id, failed_id FROM ids)
