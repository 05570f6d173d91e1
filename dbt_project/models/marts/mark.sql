{{ config(tags=['review']) }}

select
    mark_id,
    sign,
    indicator_id,
    area_system,
    area_version,
    area_id,
    period_start,
    grain,
    group_id,
    severity,
    evidence,
    text_de,
    text_en,
    question_de,
    question_en,
    first_seen,
    state,
    as_of
from {{ source('computed', 'mark') }}
