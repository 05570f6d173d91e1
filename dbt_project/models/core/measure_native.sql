-- Each measure for every area of its own version: delivered where there is a value, else summed.
select * from {{ ref('measure_delivered') }}

union all by name

select * from {{ ref('measure_absent') }}

union all by name

select * from {{ ref('measure_summed') }}
