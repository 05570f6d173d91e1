-- Each measure at the grain it came in and by year.
select * from {{ ref('measure_area') }}

union all by name

select * from {{ ref('measure_year') }}
