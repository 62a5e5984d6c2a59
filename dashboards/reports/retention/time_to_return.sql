-- People whose first visit of all history starts in the report: whole seconds from its end to the start of the
-- next, and to now for those who are not back.
SELECT
    groupArrayIf(b.waited_s, b.is_back) AS back_s,
    groupArrayIf(b.waited_s, NOT b.is_back) AS still_s
FROM /*visits*/ 1 AS b
WHERE b.is_new
