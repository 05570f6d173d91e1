{{ config(tags=['outlook']) }}

-- How often looks ahead so far have been checked stands beside each; where that is too rarely, it is
-- called a scenario.
with numbered as (
    select
        *,
        if(quantile is null or model = 'nowcast', null, dense_rank() over (
            partition by
                run_id, indicator_id, area_system, area_version, area_id, grain, group_id,
                scenario_id, model, quantile
            order by period_start
        )) as ahead
    from {{ source('computed', 'forecast') }}
),

checked as (
    select
        run_id,
        indicator_id,
        area_system,
        area_version,
        level,
        grain,
        model,
        ahead,
        max(origins) as origins
    from {{ source('computed', 'forecast_backtest') }}
    group by all
),

counted as (
    select
        numbered.*,
        if(
            numbered.ahead is null or numbered.scenario_id != 'trend', null,
            coalesce(checked.origins, 0)
        ) as origins
    from numbered
    left join {{ ref('area') }} as area
        using (area_system, area_version, area_id)
    left join checked
        on
            numbered.run_id = checked.run_id
            and numbered.indicator_id = checked.indicator_id
            and numbered.area_system = checked.area_system
            and numbered.area_version = checked.area_version
            and area.level = checked.level
            and numbered.grain = checked.grain
            and numbered.model = checked.model
            and numbered.ahead = checked.ahead
)

select
    run_id,
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    scenario_id,
    model,
    ahead,
    origins,
    quantile,
    value,
    status,
    {{ checked_words('reason', 'de') }} as reason,
    {{ checked_words('reason_en', 'en') }} as reason_en,
    as_of
from counted
