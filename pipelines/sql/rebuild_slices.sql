-- How many visitors of each slice are touched since a version.
SELECT intDiv(vh, {width:UInt64}) AS slice, uniqExact(vh) AS visitors FROM ({touched})
GROUP BY slice ORDER BY slice
