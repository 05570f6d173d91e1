{{ config(tags=['outlook']) }}

select
    score.record_id,
    score.run_id,
    score.indicator_id,
    score.area_system,
    score.area_version,
    score.area_id,
    area.level,
    score.period_start,
    score.grain,
    score.group_id,
    score.scenario_id,
    score.model,
    score.ahead,
    score.median,
    score.value,
    score.absolute_error,
    score.wis,
    score.inside_80,
    score.inside_95,
    score.simple,
    score.simple_error,
    score.acted_on,
    score.status,
    score.reason,
    score.reason_en,
    score.forecast_as_of,
    score.as_of
from {{ source('computed', 'forecast_score') }} as score
inner join {{ ref('area') }} as area
    on
        score.area_system = area.area_system
        and score.area_version = area.area_version
        and score.area_id = area.area_id
