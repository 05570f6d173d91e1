-- Each measure for every area of its own and of the newest version.
select * from {{ ref('measure_native') }}

union all by name

select * from {{ ref('measure_carried') }}

union all by name

select * from (
    {{ roll_up(ref('measure_carried')) }}
)
