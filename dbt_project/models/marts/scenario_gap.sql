{{ config(tags=['outlook']) }}

select
    scenario_id,
    position,
    origin,
    text_de,
    text_en
from {{ source('computed', 'scenario_gap') }}
