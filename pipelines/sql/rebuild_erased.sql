-- Visitors erased while the shadow was built: of them nothing is left in events.
SELECT count() AS rows FROM sessions_rebuild
WHERE vh NOT IN (SELECT vh FROM events WHERE site_id = {site_id:String})
