-- The groups of each measure that something is computed from; of all others only staging knows.
with delivered as (
    select distinct
        measure_id,
        group_id
    from {{ source('lake', 'observation') }}
)

select delivered.*
from delivered
semi join {{ source('declared', 'measure_asked') }} as asked
    on
        delivered.measure_id = asked.measure_id
        and case
            when asked.group_id is not null then delivered.group_id = asked.group_id
            when asked.dimension is not null
                then delivered.group_id like asked.dimension || '=%' and not contains(delivered.group_id, '|')
            else true
        end
