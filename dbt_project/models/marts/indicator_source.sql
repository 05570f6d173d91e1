-- Where the numbers of an indicator come from, and so whose name and licence they carry.
select distinct
    behind.indicator_id,
    measure.source_id,
    measure.department_id
from {{ source('declared', 'indicator_measure') }} as behind
inner join {{ source('declared', 'measure') }} as measure
    using (measure_id)

union

select
    access.indicator_id,
    source.source_id,
    source.department_id
from {{ source('declared', 'indicator_access') }} as access
inner join {{ source('declared', 'source') }} as source
    on access.facility_list_id = source.source_id
