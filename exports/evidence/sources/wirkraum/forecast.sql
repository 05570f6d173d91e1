-- The newest outlook of each series, one row per period, quantiles side by side.
with newest as (
    select *
    from forecast
    qualify
        dense_rank() over (
            partition by indicator_id, area_system, area_version, area_id, grain, group_id
            order by as_of desc, run_id desc
        ) = 1
),

wide as (
    select
        indicator_id,
        area_system || '|' || area_version || '|' || area_id as area_key,
        grain, group_id, scenario_id, model, period_start, period_de,
        max(value) filter (where quantile = 0.025) as q025,
        max(value) filter (where quantile = 0.1) as q10,
        max(value) filter (where quantile = 0.5) as q50,
        max(value) filter (where quantile = 0.9) as q90,
        max(value) filter (where quantile = 0.975) as q975,
        any_value(status_de) as status_de,
        coalesce(any_value(reason), '') as reason_de
    from newest
    group by all
)

select * from wide
union all by name
-- A table without rows would not reach the pages at all.
select '' as indicator_id, '' as area_key, date '1900-01-01' as period_start, '' as group_id
