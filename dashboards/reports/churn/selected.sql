-- The people of a threshold, a band or a stage, under their names.
SELECT n.name AS person_id
FROM /*facts*/ 1 AS f
JOIN /*names*/ 1 AS n ON n.person = f.person
WHERE ({band:String} = '' OR {band:String} = multiIf(f.risk < {low:Float64}, 'low', f.risk > {high:Float64}, 'high', 'medium'))
    AND ({stage:String} = '' OR {stage:String} = f.stage)
    AND (isNaN(f.risk) OR f.risk >= {above:Float64})
    AND (f.active_days > 1 OR NOT {ranked:UInt8})
