-- Where the numbers of an indicator come from, and so whose name and licence they carry.
with term as (
    select
        indicator_id,
        measure_id
    from {{ source('declared', 'indicator_term') }}
    union all
    select
        component.indicator_id,
        part.measure_id
    from {{ source('declared', 'indicator_component') }} as component
    inner join {{ source('declared', 'indicator_term') }} as part
        on component.part_id = part.indicator_id
)

select distinct
    term.indicator_id,
    measure.source_id,
    measure.department_id
from term
inner join {{ source('declared', 'measure') }} as measure
    using (measure_id)
