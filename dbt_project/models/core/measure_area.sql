-- Each measure for every area of its own and of the newest version.
select
    *,
    cast(null as double) as carried_chance,
    cast(null as double) as carried_spread
from {{ ref('measure_native') }}

union all by name

select * from {{ ref('measure_carried') }}
