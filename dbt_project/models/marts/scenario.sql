select
    scenario_id,
    name_de,
    name_en,
    question_de,
    question_en,
    owner_de,
    owner_en,
    programme_id,
    dose_unit_de,
    dose_unit_en,
    observed_low,
    observed_high,
    observed_where_de,
    observed_where_en
from {{ source('declared', 'scenario') }}
