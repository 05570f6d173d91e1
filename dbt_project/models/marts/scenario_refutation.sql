{{ config(tags=['outlook']) }}

select
    scenario_id,
    refutation_id,
    alternative_id,
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    found,
    threshold,
    known_by,
    says_de,
    says_en,
    value,
    state,
    state_de,
    state_en,
    status,
    reason,
    reason_en,
    as_of
from {{ source('computed', 'scenario_refutation') }}
