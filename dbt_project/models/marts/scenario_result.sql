{{ config(tags=['outlook']) }}

select
    run_id,
    scenario_id,
    alternative_id,
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    parts,
    model,
    quantile,
    value,
    status,
    reason,
    reason_en,
    as_of
from {{ source('computed', 'scenario_result') }}
