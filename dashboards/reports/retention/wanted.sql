-- The people of the cohorts from_cohort to to_cohort (of one value, if by_value) who were back (or, if not
-- {back}, were not back) so many periods later.
SELECT b.person AS person
FROM /*people*/ 1 AS b
ARRAY JOIN if({first:UInt8}, arraySlice(b.started, 1, 1), b.started) AS start
WHERE start.1 BETWEEN {from_cohort:Int32} AND {to_cohort:Int32}
    AND (NOT {by_value:UInt8} OR start.2 = {of_value:String})
    AND {back:UInt8} = ({later_by:Int32} = 0 OR arrayExists(
        i -> i = start.1 + {later_by:Int32} OR ({or_after:UInt8} AND i > start.1 + {later_by:Int32}),
        b.returned
    ))
