-- Each measure added up for the areas of its own version that were not delivered themselves.
with part as not materialized (
    select * from {{ ref('measure_delivered') }}
    union all by name
    select * from {{ ref('measure_absent') }}
)

select * from (
    {{ roll_up('part') }}
)
