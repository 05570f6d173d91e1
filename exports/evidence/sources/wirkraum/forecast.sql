-- The newest outlook of each series, one row per period, quantiles side by side, also as German text.
with newest as (
    select *
    from forecast
    qualify
        dense_rank() over (
            partition by
                indicator_id, area_system, area_version, area_id, grain, group_id, model = 'nowcast'
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
),

sized as (
    select wide.*, coalesce(size.largest < 10, false) as is_small
    from wide
    left join
        (
            select indicator_id, max(abs(value)) as largest
            from indicator_value
            group by indicator_id
        ) as size
        on wide.indicator_id = size.indicator_id
),

worded as (
    select
        *,
        [
            translate(
                case
                    when abs(figure) >= 1000 then format('{:,.0f}', figure)
                    when is_small then format('{:,.2f}', figure)
                    else format('{:,.1f}', figure)
                end, ',.', '.,'
            )
            for figure in [q025, q10, q50, q90, q975]
        ] as words
    from sized
)

select
    * exclude (is_small, words),
    coalesce(words[3], '–') as middle_de,
    coalesce(words[2] || ' bis ' || words[4], '') as core_de,
    coalesce(words[1] || ' bis ' || words[5], '') as range_de
from worded
union all by name
-- A table without rows would not reach the pages at all.
select '' as indicator_id, '' as area_key, date '1900-01-01' as period_start, '' as group_id
