-- Columns of a table, to see whether a shadow made by another version still fits.
SELECT groupArray((name, type)) AS columns FROM (
  SELECT name, type FROM system.columns
  WHERE database = currentDatabase() AND table = {table:String} ORDER BY position
)
