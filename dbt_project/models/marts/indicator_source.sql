-- Where the numbers of an indicator come from, and so whose name and licence they carry.
select distinct
    term.indicator_id,
    measure.source_id,
    measure.department_id
from {{ source('declared', 'indicator_term') }} as term
inner join {{ source('declared', 'measure') }} as measure
    using (measure_id)
