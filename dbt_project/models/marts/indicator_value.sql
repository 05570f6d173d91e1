-- The latest known state of every indicator, one row per area, period and group.
select * from {{ ref('indicator_figure') }}

union all by name

select * from {{ ref('indicator_cumulative') }}

union all by name

select * from {{ ref('indicator_change') }}

union all by name

select * exclude (smallest_count) from {{ ref('indicator_standardised') }}

union all by name

select * exclude (smallest_count) from {{ ref('indicator_binned') }}

union all by name

select * from {{ ref('indicator_composite') }}

union all by name

select * exclude (smallest_count) from {{ ref('indicator_access') }}

union all by name

select * exclude (smallest_count) from {{ ref('indicator_model') }}
