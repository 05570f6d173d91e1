{{ config(tags=['review']) }}

select
    indicator_id_a,
    group_id_a,
    indicator_id_b,
    group_id_b,
    grain,
    area_system,
    area_version,
    level,
    first_period,
    last_period,
    areas,
    comparisons,
    correlation,
    low,
    high,
    interval_percent,
    p_value,
    q_value,
    question_de,
    question_en,
    reason,
    reason_en,
    as_of
from {{ source('computed', 'goal_question') }}
